import type { Scheduler } from '../base/index.js';
import type { FrameSplitter } from './frames.js';
import type { Socket } from './network.js';
import type { Frame } from './transport.js';

/** How the wait for the other side's greeting ends. */
export type FirstFrame =
  | { readonly type: 'frame'; readonly frame: Frame }
  /** Bytes that announce a frame of an impossible length: another protocol. */
  | { readonly type: 'garbage'; readonly announced: number }
  | { readonly type: 'ended' }
  | { readonly type: 'failed'; readonly error: Error }
  | { readonly type: 'silence' };

/**
 * Waits for one whole frame, at most `timeoutMs` however the bytes drip in, and answers exactly once unless cancelled.
 * The splitter keeps what came behind the frame. Leaves no listener on the socket.
 */
export function awaitFirstFrame(
  socket: Socket,
  splitter: FrameSplitter,
  wait: { readonly scheduler: Scheduler; readonly timeoutMs: number },
  done: (first: FirstFrame) => void,
): { cancel(): void } {
  const finish = (first: FirstFrame): void => {
    cancel();
    done(first);
  };
  const onData = (chunk: Buffer): void => {
    splitter.push(chunk);
    const frame = splitter.next();
    if (frame !== undefined) finish({ type: 'frame', frame });
    else if (splitter.fault !== undefined) finish({ type: 'garbage', announced: splitter.announced });
  };
  const onEnd = (): void => finish({ type: 'ended' });
  const onError = (error: Error): void => finish({ type: 'failed', error });
  const timer = wait.scheduler.after(wait.timeoutMs, () => finish({ type: 'silence' }));
  const cancel = (): void => {
    timer.cancel();
    socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError);
  };
  socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError);
  return { cancel };
}
