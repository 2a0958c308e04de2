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

/** Who waits for the other side's greeting. */
export interface Awaited {
  /** Nobody hears of it any more. */
  cancel(): void;
  /** The frame that was to come later comes now. */
  goOn(): void;
}

/**
 * Waits for whole frames until `heard` answers false for one, or the end. One deadline stands for all of them together,
 * however the bytes drip in. The splitter keeps what came behind the last frame. Leaves no listener on the socket, nor
 * has one while `heard` runs. Where `heard` answers `later`, nothing more is read, and the frame is heard again by `goOn`.
 */
export function awaitGreeting(
  socket: Socket,
  splitter: FrameSplitter,
  wait: { readonly scheduler: Scheduler; readonly timeoutMs: number },
  heard: (heard: Heard) => boolean | 'later',
): Awaited {
  let isOver = false;
  let held: Frame | undefined;
  const finish = (end: Heard): void => {
    cancel();
    heard(end);
  };
  const onData = (chunk: Buffer): void => {
    splitter.push(chunk);
    takeAll(splitter.next());
  };
  const takeAll = (first: Frame | undefined): void => {
    for (let frame = first; frame !== undefined; frame = splitter.next()) {
      leave();
      const answer = heardFrame(frame);
      if (answer === false) return;
      listen();
      if (answer === 'later') {
        held = frame;
        socket.pause();
        return;
      }
    }
    if (splitter.fault !== undefined) finish({ type: 'garbage', announced: splitter.announced });
  };
  /** What throws is over as well. */
  const heardFrame = (frame: Frame): boolean | 'later' => {
    let answer: boolean | 'later' = false;
    try {
      answer = heard({ type: 'frame', frame });
      if (isOver) answer = false;
    } finally {
      if (answer === false) cancel();
    }
    return answer;
  };
  const goOn = (): void => {
    const frame = held;
    if (isOver || frame === undefined) return;
    held = undefined;
    socket.resume();
    takeAll(frame);
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
  return { cancel, goOn };
}
