import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { spawnInBackground } from '../cluster/index.js';

/** In the environment of a process that another one started in the background, and waits for. */
export const STARTED_IN_BACKGROUND = 'RAFTCTL_BACKGROUND';
/** Where it tells the one that waits. */
const CHANNEL = 3;

/** One a line, as JSON. */
type Message =
  | { readonly type: 'text'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** It runs by itself from now on, and says no more. */
  | { readonly type: 'ready' };

/** How the wait ended. */
type BackgroundEnd =
  | { readonly type: 'ready' }
  | { readonly type: 'exited'; readonly code: number | null; readonly signal: string | null; readonly error?: string };

/** Shows what a process in the background says, until it is ready or has ended. */
export async function untilReady(
  { channel, exited }: ReturnType<typeof spawnInBackground>,
  show: (stream: 'stdout' | 'stderr', text: string) => void,
): Promise<BackgroundEnd> {
  const lines = createInterface({ input: channel, crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const message = messageIn(line);
    if (message === undefined) continue;
    if (message.type === 'ready') {
      channel.destroy();
      return message;
    }
    show(message.stream, message.text);
  }
  return { type: 'exited', ...(await exited) };
}

/** Undefined: the process died in the midst of it. */
function messageIn(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}

/** The other side: what this process is to whoever started it in the background. */
export interface Parent {
  readonly stdout: Writable;
  readonly stderr: Writable;
  ready(): void;
  /** Called when the one that waits is gone before this process was ready. Answers how to stop listening. */
  onGone(listener: () => void): () => void;
}

export function parentOf({ env }: NodeJS.Process): Parent | undefined {
  const isInBackground = env[STARTED_IN_BACKGROUND] !== undefined;
  delete env[STARTED_IN_BACKGROUND];
  if (!isInBackground) return undefined;
  const channel = channelThere();
  if (channel === undefined) return undefined;
  const listeners = new Set<() => void>();
  let isReady = false;
  channel.on('error', () => {});
  channel.once('close', () => {
    if (!isReady) for (const listener of listeners) listener();
  });
  channel.resume();
  // Nothing is asked of it: the channel alone must not keep this process alive.
  channel.unref();
  const say = (message: Message, done: () => void): void => {
    if (channel.writable) channel.write(`${JSON.stringify(message)}\n`, () => done());
    else done();
  };
  const output = (stream: 'stdout' | 'stderr'): Writable =>
    new Writable({
      decodeStrings: false,
      write: (chunk: string | Buffer, _, done) => say({ type: 'text', stream, text: String(chunk) }, () => done()),
    });
  const [stdout, stderr] = [output('stdout'), output('stderr')];
  return {
    stdout,
    stderr,
    ready() {
      isReady = true;
      // Behind all that was said before.
      stdout.write('', () => stderr.write('', () => say({ type: 'ready' }, () => channel.end())));
    },
    onGone(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Whoever sets the variable by hand gets a process in the foreground. */
function channelThere(): Socket | undefined {
  try {
    return new Socket({ fd: CHANNEL, readable: true, writable: true });
  } catch {
    return undefined;
  }
}
