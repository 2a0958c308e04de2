import type { RaftctlError } from '../base/index.js';
import type { LinkFault } from './link-fault.js';
import type { Agreement } from './versions.js';

/**
 * What the rest of raftctl sees of the shared TCP core: links that are dialed and connections that are accepted, both
 * carrying frames. It knows bytes, no Raft. `create-transport.ts` makes one of any `Network`; `tcp-transport.ts` is the real one.
 */
export interface Transport {
  /** Accepts connections; resolves once bound, rejects with `port-taken` naming host and port. */
  listen(options: ListenOptions): Promise<Listener>;
  /** Keeps dialing `address` until closed: one state machine, `Connecting | Connected | Broken`. */
  dial(options: DialOptions): Link;
  /**
   * What links suffer from now on, on purpose; it replaces what was. A cut drops frames and keeps the socket, and a dial
   * during one fails as unreachable after its time. Once nothing is wrong any more, what broke meanwhile is dialed at once.
   */
  setFaults(links: readonly LinkFault[]): void;
}

/** `snapshot`: a peer too, that sends its state: bulk, which must not delay what peers say, nor count as a sign of life. */
export type ConnectionRole = 'peer' | 'client' | 'admin' | 'snapshot';

/** Who is there: the first frame in each direction. Refused when magic, protocol versions or cluster id do not fit. */
export interface Hello {
  readonly role: ConnectionRole;
  /** 32 hex digits. A client may leave it empty and learn it from the answer; everybody else must present it. */
  readonly clusterId: string;
  /** The dialer's or listener's node name; empty for a client. */
  readonly node: string;
  /** Drawn anew by each process: tells a restarted node from the one before. Empty for a client. */
  readonly instance: string;
  /** What the host wants to tell in passing (a node: its term and known leader). At most 256 bytes; not interpreted here. */
  readonly note: Uint8Array;
  /** What the host can do beyond its protocol version, at most 16 names of a-z, 0-9 and -. None unless told. */
  readonly features?: readonly string[];
  /** Of a node: which member of the cluster it is, and where it listens. */
  readonly member?: ListeningMember;
}

export interface ListeningMember {
  /** Rises when a member is replaced under the same name. */
  readonly incarnation: number;
  readonly host: string;
  readonly port: number;
}

/** `u32 length | u8 kind | u32 call id | payload`; `length` counts kind, call id and payload. Little-endian. */
export interface Frame {
  readonly kind: number;
  readonly callId: number;
  /** Owned by the receiver and never overwritten: entries keep pointing into it. */
  readonly payload: Buffer;
}

/** A live, greeted byte stream: accepted from a listener, or the inside of a connected link. */
export interface Connection {
  readonly id: number;
  readonly peer: Hello;
  /** What both sides speak: the highest common version of the protocol, and the common features. */
  readonly agreement: Agreement;
  readonly remoteAddress: string;
  /**
   * Queues a frame: the payload is the concatenation of `parts`, which must not change afterwards. Never blocks. What
   * is queued leaves as one write by `flush`, which the transport calls by itself at the end of the turn. Answers
   * false, and drops the frame, when the connection is closed or its queue has reached its bound. A frame that starts
   * below the bound is taken whole. `kind` is 16 to 255: those below belong to the transport.
   */
  send(kind: number, callId: number, ...parts: readonly Uint8Array[]): boolean;
  flush(): void;
  /** Bytes queued or not yet taken by the kernel. */
  readonly queuedBytes: number;
  /** It has not taken what it was sent, and until it has, nothing more is read of it. Never on a link. */
  readonly isFull: boolean;
  /** Sends what is queued, tells the other side the reason, and ends. `closed` follows in a later turn. */
  close(reason?: RaftctlError): void;
}

/** Called from the event loop only: never from inside a call to `send`, `flush` or `close`. */
export interface ConnectionHandlers {
  opened?(connection: Connection): void;
  /**
   * All whole frames of one read. Collect; act at the end of the turn. A RaftctlError that is thrown ends the connection,
   * which is told of it; anything else that is thrown is a bug, and nobody's to catch.
   */
  frames(connection: Connection, frames: readonly Frame[]): void;
  /** It was full, and is not any more. */
  drained?(connection: Connection): void;
  /** Once, the last word about a connection. No error: an end in good order, by either side, without a reason. */
  closed?(connection: Connection, error: RaftctlError | undefined): void;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 lets the system choose; `Listener.port` tells. */
  readonly port: number;
  /** A Unix socket instead of `host` and `port`. At most 103 bytes. */
  readonly path?: string;
  /** Asked at each handshake, so that the note is fresh. */
  readonly hello: () => Hello;
  /**
   * 32 bytes that peers and admin must prove to know, as the listener does to them. Without it they are believed: for a
   * socket whose directory is its owner's alone.
   */
  readonly secret?: Uint8Array | undefined;
  /** Bytes of one frame by the dialer's role; a longer one is refused before anything is allocated. */
  readonly maxFrameBytes: (role: ConnectionRole) => number;
  /** A dialer that has not greeted by then is shown the door. Suggested 3,000. */
  readonly handshakeTimeoutMs: number;
  /** With so many connections another client is refused with a reason; peers and admin still find a small reserve. */
  readonly maxConnections: number;
  /** A receiver that lets this much pile up is disconnected (a client that does not read). */
  readonly maxQueuedBytes: number;
  /** With so much queued a connection is full, and nothing more is read of it. At least 64 KiB over TCP. Absent: never. */
  readonly fullBytes?: number;
  /**
   * What may be held for all connections together: what is queued for them, and halves of frames. Beyond it those are cut
   * that let most wait for longest; peers never. Absent: no bound.
   */
  readonly maxHeldBytes?: number;
  readonly handlers: ConnectionHandlers;
  /** A second opinion on a greeted dialer (a stranger's node name, say). An error refuses it. */
  readonly admit?: (hello: Hello) => RaftctlError | undefined;
}

export interface Listener {
  readonly port: number;
  readonly connections: ReadonlySet<Connection>;
  /** Stops accepting and closes all connections. */
  close(): Promise<void>;
}

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  /** A Unix socket instead of `host` and `port`. */
  readonly path?: string;
  readonly hello: () => Hello;
  /** The cluster's, of a peer or an admin: proved to the listener, and demanded of it. A client needs none. */
  readonly secret?: Uint8Array | undefined;
  /** The node that is meant to answer, by name; another one is refused, and gets no proof. Absent: whoever answers. */
  readonly expected?: string;
  readonly maxFrameBytes: number;
  /** From the dial to the welcome. */
  readonly handshakeTimeoutMs: number;
  /**
   * While nobody has taken a dial, another one is made beside it so often: TCP repeats a lost one after 1, 3 and 7 s.
   * Absent: never.
   */
  readonly redialUntakenMs?: number;
  /** A frame that finds this much queued is dropped; the connection stays. */
  readonly maxQueuedBytes: number;
  /** Delays between attempts; after a broken connection 2, 4 and 8 ms come first. */
  readonly backoff: {
    readonly firstMs: number;
    readonly maxMs: number;
    readonly factor: number;
    readonly jitter: number;
  };
  readonly handlers: ConnectionHandlers;
  /** Every change of state, with the state before. */
  readonly changed?: (state: LinkState, before: LinkState) => void;
  /**
   * The process behind the address is certainly gone: it refused a re-dial after a broken connection, or another
   * instance of it answered. Never called for timeouts, exhausted descriptors, unreachable hosts or injected faults.
   */
  readonly certainlyGone?: (instance: string) => void;
}

export type LinkState =
  | { readonly type: 'connecting'; readonly attempt: number }
  | { readonly type: 'connected'; readonly connection: Connection }
  | { readonly type: 'broken'; readonly error: RaftctlError; readonly retryAt: number }
  | { readonly type: 'closed' };

export interface Link {
  readonly state: LinkState;
  /** False, and nothing sent, unless connected and below the queue's bound. */
  send(kind: number, callId: number, ...parts: readonly Uint8Array[]): boolean;
  /** Forgets the backoff and dials now, when broken; not while the other side throws out one connection after the other. */
  retryNow(): void;
  /**
   * The other side is silent. When connected, dials anew beside the connection, and once greeted, puts the new one in its
   * place: `changed` tells broken, connecting, connected. The connection there was goes on until then.
   */
  renew(): void;
  close(): void;
}
