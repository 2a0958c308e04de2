import type { Scheduler } from '../base/index.js';
import type { FrameSplitter } from './frames.js';
import type { Socket } from './network.js';
import type { Frame } from './transport.js';

/** What is heard of the other side while it greets. All but a frame is the end. */
export type Heard =
  | { readonly type: 'frame'; readonly frame: Frame }
  /** Bytes that announce a frame of an impossible length: another protocol. */
  | { readonly type: 'garbage'; readonly announced: number }
  | { readonly type: 'ended' }
  | { readonly type: 'failed'; readonly error: Error }
  | { readonly type: 'silence' };

/**
 * Waits for whole frames until `heard` answers false for one, or the end. One deadline stands for all of them together,
 * however the bytes drip in. The splitter keeps what came behind the last frame. Leaves no listener on the socket, nor
 * has one while `heard` runs.
 */
export function awaitGreeting(
  socket: Socket,
  splitter: FrameSplitter,
  wait: { readonly scheduler: Scheduler; readonly timeoutMs: number },
  heard: (heard: Heard) => boolean,
): { cancel(): void } {
  let isOver = false;
  const finish = (end: Heard): void => {
    cancel();
    heard(end);
  };
  const onData = (chunk: Buffer): void => {
    splitter.push(chunk);
    for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) {
      leave();
      const wantsMore = heardFrame(frame);
      if (!wantsMore) return;
      listen();
    }
    if (splitter.fault !== undefined) finish({ type: 'garbage', announced: splitter.announced });
  };
  /** What throws is over as well. */
  const heardFrame = (frame: Frame): boolean => {
    let wantsMore = false;
    try {
      wantsMore = heard({ type: 'frame', frame }) && !isOver;
    } finally {
      if (!wantsMore) cancel();
    }
    return wantsMore;
  };
  const onEnd = (): void => finish({ type: 'ended' });
  const onError = (error: Error): void => finish({ type: 'failed', error });
  const timer = wait.scheduler.after(wait.timeoutMs, () => finish({ type: 'silence' }));
  const listen = (): void => {
    socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError);
  };
  const leave = (): void => {
    socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError);
  };
  const cancel = (): void => {
    isOver = true;
    timer.cancel();
    leave();
  };
  listen();
  return { cancel };
}
