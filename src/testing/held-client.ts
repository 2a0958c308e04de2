import type { Client, Watch } from '../client/index.js';
import { holds } from './holds.js';

/**
 * A client whose connections keep no process alive: what is asked of it does, until it is answered. `onClosed`: it was
 * closed.
 */
export const heldClient = (client: Client, onClosed: () => void): Client => ({
  put: (...call) => holds.while(client.put(...call)),
  get: (...call) => holds.while(client.get(...call)),
  read: (...call) => holds.while(client.read(...call)),
  delete: (...call) => holds.while(client.delete(...call)),
  scan: (...call) => holds.while(client.scan(...call)),
  scanAll: (...call) => holds.while(client.scanAll(...call)),
  compareAndSet: (...call) => holds.while(client.compareAndSet(...call)),
  watch: (...call) => heldWatch(client.watch(...call)),
  leader: () => client.leader(),
  close: () => holds.while(client.close().finally(onClosed)),
});

function heldWatch(watch: Watch): Watch {
  const started = holds.while(watch.started);
  // Whoever iterates hears of it there.
  started.catch(() => {});
  const held: Watch = {
    started,
    next: () => holds.while(watch.next()),
    return: () => holds.while(watch.return!()),
    [Symbol.asyncIterator]: () => held,
  };
  return held;
}
