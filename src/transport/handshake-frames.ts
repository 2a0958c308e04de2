/** Kinds 1 to 15 are the transport's own. Refusals may come at any time: they say why a connection ends. */
export const HANDSHAKE_KIND = { hello: 1, welcome: 2, refusal: 3, challenge: 4, proof: 5 } as const;
/** The first kind a host may send. */
export const HOST_KIND_MIN = 16;
/** The bound on a frame until the other side has greeted. */
export const HANDSHAKE_BYTES_MAX = 2048;
/** What every payload of the handshake begins with, but for proofs. */
export const MAGIC = Buffer.from('raftctl\n', 'latin1');
