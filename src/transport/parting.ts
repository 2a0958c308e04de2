import type { Scheduler } from '../base/index.js';
import type { Socket } from './network.js';

/** What was sent last gets so long to be read. */
export const LINGER_MS = 1_000;
/** So many may linger at once; beyond it they are cut, so that a flood of strangers holds no descriptors. */
const LINGERING_MAX = 256;

/**
 * Leaves sockets politely. Closing at once would answer unread bytes with a reset, which may overtake the last words;
 * so they are written, then the end, and what still arrives is thrown away until the other side ends too.
 */
export class Partings {
  readonly #scheduler: Scheduler;
  #lingering = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** The caller has taken its own listeners off, or ignores what they tell. */
  part(socket: Socket, lastWords?: Uint8Array): void {
    socket.on('error', () => {});
    if (socket.destroyed) return;
    if (this.#lingering >= LINGERING_MAX) {
      // The kernel takes a few words at once, and sends them if nothing is left unread.
      if (lastWords !== undefined) socket.write(lastWords);
      socket.destroy();
      return;
    }
    this.#lingering += 1;
    const timer = this.#scheduler.after(LINGER_MS, () => socket.destroy());
    socket.once('close', () => {
      timer.cancel();
      this.#lingering -= 1;
    });
    if (lastWords === undefined) socket.end();
    else socket.end(lastWords);
    socket.resume();
  }
}
