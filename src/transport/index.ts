/**
 * # transport: the shared TCP core
 *
 * Frames over greeted connections, for peers, clients, admin and the control socket alike. Knows bytes and who is on
 * the other side; what the bytes mean is `wire`'s business.
 *
 *     const transport = createTcpTransport({ clock, scheduler, random, emit });
 *     const listener = await transport.listen({ host: '127.0.0.1', port: 3331, hello, handlers, … });
 *     const link = transport.dial({ host: '127.0.0.1', port: 3332, hello, handlers, certainlyGone, … });
 *     link.send(kind, callId, header, record);   // false: not connected, or the queue is full; nothing was sent
 *
 * ## The parts
 *
 *     frames ◀─ send-queue ◀─ connection ◀─ attempt(s) ◀─┐
 *       (bytes)               (a socket)    listener   ◀─┴─ create-transport ─▶ link (state machine, redial-pace)
 *     greeting, refusal, versions, proof ◀─ dialer-handshake, listener-handshake   └─▶ network (byte streams)
 *       (layouts and what they mean)         (frames in, answers out; no socket)
 *
 * A **listener** takes strangers. One that greets within its deadline becomes a connection; all others hear a reason and
 * see the door. A **link** keeps one outgoing connection alive: `Connecting | Connected | Broken | Closed`. Between two
 * nodes there are two connections, and on each the dialer speaks.
 *
 * ## Calls
 *
 * A **call** is a frame that wants an answer. `Calls` is the one table of those that wait on a connection, by call id:
 * an object a call, no promise, one timer for all deadlines. `ask` is a call with a promise for those in no hurry.
 *
 *     const calls = new Calls({ clock, scheduler, isNews: ({ kind }) => kind === KIND.progress });
 *     calls.send(link, kind, call, header, body);            // later: call.take(frame), call.overdue() or call.lost(error)
 *     const frame = await ask({ calls, over: link, kind, payload, timeoutMs, late, lost, clock });
 *
 * A connection of the role `snapshot` is a peer's, for bulk: it proves the secret as a peer does, has the reserve of peers,
 * and says nothing about whether anybody lives.
 *
 * ## Who is there
 *
 * A greeting tells name, instance, cluster and, of nodes, incarnation and address. Names are believed only as far as the
 * `secret` of both sides' options goes: with one, peers and admin prove that they know it, and so does the listener.
 * A dialer says whom it `expected`, and proves nothing to another. Clients need none. `Connection.agreement` has the
 * version of the protocol and the features that both sides know.
 *
 * ## The order of things
 *
 * - `frames` gets all whole frames of one read: collect them, act once per turn in `Scheduler.defer`. What is sent
 *   leaves in one write at the end of the turn. A host that sends from inside its own deferred turn calls `flush`, or
 *   its frames wait for the next one.
 * - Connection handlers run from the event loop only, never inside `send`, `flush` or `close`. A connection hears
 *   `opened`, then `frames`, then `closed` once. After `close` no frames come.
 * - A link tells `changed(connected)` before `opened`, and `closed` before `changed(broken)`. `changed` runs inside
 *   `close()` and `retryNow()` too, since these are its causes.
 * - `certainlyGone` comes after `changed(broken)` when the address refuses a re-dial, and before `changed(connected)`
 *   when another instance answers; at most once for each instance that was connected.
 *
 * ## Payloads
 *
 * A payload is the receiver's, for ever: it is a view of the chunk it came in (at most 64 KiB) or of a buffer of its own,
 * and no buffer is used twice. A small payload that is kept for long keeps its whole chunk: copy it. What is given to
 * `send` must stay as it is: parts of 8 KiB and more are not copied.
 *
 * ## Bounds
 *
 * Frames by role, before anything is allocated; greetings by size and time; connections by number (clients first: peers
 * and admin have a reserve of 64); queues by bytes, where a link drops the newest frame and a listener ends a connection
 * that does not read. Long before, at `fullBytes`, a connection is *full*: nothing more is read of it until it has taken
 * what it was sent, and then its host hears `drained`. What is held for all connections of a listener together is bounded
 * too (`held-bytes.ts`): beyond it those are cut, with a warning, that let most wait for longest. An end waits a second at most for its last words to be read.
 * What strangers cause is warned of ten times in ten seconds; the rest is counted, and said at debug.
 *
 * ## What is certain
 *
 * Only two answers prove that a process is gone: the address of a connection that broke refuses a new one, or another
 * instance of the same node greets. A timeout, a reset, an unreachable host, exhausted descriptors prove nothing.
 *
 * ## Silence
 *
 * TCP keepalive notices machines that vanish while nothing is said. What is said into a cut, TCP repeats ever more slowly:
 * seconds pass before the connection is of use again. Only the host knows what should have been answered; it calls
 * `Link.renew`, and the link dials anew beside the connection. A dial that nobody takes is followed by another beside it
 * every `redialUntakenMs`, for the same reason. What is said on two connections may overtake each other.
 *
 * ## Faults
 *
 *     transport.setFaults([{ peer: 'node-03', direction: 'out', type: 'cut' }]);      // until the next call
 *
 * What happens to a frame on a link (`link-fault.ts`) happens between it and its socket, by peer and direction: it is
 * lost, or late, and overtakes nothing (`passage.ts`, `passages.ts`). Frames of peers, of bulk and of clients are concerned, never an
 * admin's. The socket stays, so a fault is never taken for a death; and the end of a connection is not heard through a
 * cut, nor before what was said ahead of it. Through a cut nobody is dialed, which fails as unreachable after the
 * handshake's time, and who dials from behind one is not answered, nor refused (`held-greeting.ts`); a slow link makes
 * greetings slow, by half of the handshake's time at most: who is slow is still greeted. Healed, whatever was late arrives
 * at once, links that broke are dialed, and greetings that came are answered.
 *
 * Frames are lost between peers, whose messages stand for themselves. Bulk that is lost is late instead, since nobody but
 * TCP would send it again. A client's connection that lost something ends: it is a stream, and a watch would not notice
 * what is missing. What is late counts as queued, or as read and not taken. A connection that suffers nothing does no more than
 * look whether it does.
 *
 * The bytes are written down in `docs/protocol.md`.
 */
export type { Address } from './address.js';
export { ask } from './ask.js';
export { type Call, Calls } from './calls.js';
export { createTransport } from './create-transport.js';
export type * from './link-fault.js';
export type * from './network.js';
export { createGuestTransport, createTcpTransport } from './tcp-transport.js';
export type * from './transport.js';
