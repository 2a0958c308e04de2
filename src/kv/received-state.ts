import { RaftctlError, REJOIN, type Scheduler } from '../base/index.js';
import type { Backend } from './backend.js';
import { encodeMeta, META_KEY, putMeta, readMeta, type StoreMeta } from './meta.js';
import type { StateSum } from './state-sum.js';
import { BackgroundVerification, verifyState } from './verify-state.js';

/**
 * Makes a state that came from another node one that this node would come back with. Every key is read, in slices, and
 * compared with what the meta says of them all: damage of the other's disk must not become this node's. Then the meta is
 * written, twice. In a copy LMDB has noted nothing of what is flushed; the first transaction does that, and the second
 * proves that it did (see `Flusher.provenIndex`). Rejects when any of that fails, when
 * there is no state in it, and when `signal` says that nobody wants it any more.
 */
export async function settleReceived(backend: Backend, scheduler: Scheduler, signal: AbortSignal): Promise<StoreMeta> {
  const received = readMeta(backend);
  if (received === undefined) {
    throw new RaftctlError('data-damaged', `${backend.place}: the state that was received is empty`, {
      hint: REJOIN,
    });
  }
  const meta = { ...received, sum: await verified(backend, received.sum, scheduler, signal) };
  const bytes = encodeMeta(meta);
  for (let time = 0; time < 2; time += 1) await write(backend, bytes);
  return meta;
}

/** Only a raftctl that was before this one records no sum. */
async function verified(
  backend: Backend,
  recorded: StateSum | undefined,
  scheduler: Scheduler,
  signal: AbortSignal,
): Promise<StateSum> {
  if (recorded === undefined) return verifyState(backend, undefined);
  await new Promise<void>((resolve, reject) => {
    const ended = (error: unknown) => (error === undefined ? resolve() : reject(error));
    // Nobody reads from a node that is so far behind; what it owes its leader comes between two slices.
    const verification = new BackgroundVerification(backend, recorded, scheduler, ended, 0);
    const stop = (): void => {
      verification.stop();
      reject(new RaftctlError('aborted', `${backend.place}: the state is not wanted any more`));
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  return recorded;
}

function write(backend: Backend, meta: Buffer): Promise<void> {
  const transaction = backend.begin({ changes: 1, bytes: META_KEY.length + meta.length });
  putMeta(transaction, meta);
  return new Promise((resolve, reject) => {
    transaction.commit((error) => (error === undefined ? resolve() : reject(error)));
  });
}
