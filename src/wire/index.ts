/**
 * # wire: messages <-> bytes
 *
 * What nodes, clients and supervisors say to each other inside the transport's frames. `KIND` names the kind byte;
 * each message has an encoder that makes the payload (or its parts, which the transport concatenates) and a decoder
 * that checks every length and number. Bytes are unknown until a decoder has seen them and typed ever after.
 *
 *     const { kind, parts } = encodeMessage(append, entries);      // node A, towards a peer
 *     link.send(kind, 0, ...parts);
 *     raft.step(decodeMessage(frame.kind, frame.payload, 'node-a', 'node-b'));   // node B
 *
 * Rules:
 * - A decoder throws `bad-request` and nothing else, whatever the bytes; it allocates in proportion to the payload.
 * - Nothing is copied: entries, commands, keys and values point into the received payload, which nobody writes to.
 * - An entry's record travels verbatim, from the node that proposed it to every log; its checksum is verified here.
 * - What a node process is told when it is spawned, and how it ends, is `node-spec.ts`.
 * - The hot messages have fixed layouts (docs/protocol.md, "Messages"). The rest are documents: JSON, checked by a
 *   parser of `parse.ts`, which drops members it does not know.
 */
export * from './client-codec.js';
export * from './data-feature.js';
export * from './documents.js';
export * from './forward-codec.js';
export * from './kinds.js';
export * from './membership-feature.js';
export * from './node-faults.js';
export * from './node-spec.js';
export * from './note.js';
export * from './raft-codec.js';
export * from './snapshot-codec.js';
export * from './watch-codec.js';
