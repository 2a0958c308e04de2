import { RaftctlError } from '../base/index.js';
import { type Address, codeOf, formatAddress, refusedAddress } from './address.js';
import { type ConnectionContext, SocketConnection } from './connection.js';
import { awaitFirstFrame, type FirstFrame } from './first-frame.js';
import { FrameSplitter } from './frames.js';
import { checkCluster, decodeAnswer, encodeHello, HANDSHAKE_BYTES_MAX, notRaftctl } from './handshake.js';
import type { Attempt, AttemptOutcome, DialFailure } from './link.js';
import type { Socket } from './network.js';
import type { ConnectionHandlers, DialOptions, Hello } from './transport.js';

/** Dials once and greets: one answer to `outcome`, unless cancelled before. */
export function attempt(
  options: DialOptions,
  handlers: ConnectionHandlers,
  outcome: AttemptOutcome,
  context: ConnectionContext,
): Attempt {
  const ours = options.hello();
  const splitter = new FrameSplitter(HANDSHAKE_BYTES_MAX);
  const socket = context.network.dial(options);
  socket.once('connect', () => socket.write(encodeHello(ours)));
  const wait = { scheduler: context.scheduler, timeoutMs: options.handshakeTimeoutMs };
  const greeting = awaitFirstFrame(socket, splitter, wait, (first) => {
    const answer = isSelfConnected(socket) ? refusal(formatAddress(options)) : judge(options, ours, first);
    if ('error' in answer) {
      drop(socket);
      outcome.failed(answer);
      return;
    }
    splitter.maxFrameBytes = options.maxFrameBytes;
    const connection = new SocketConnection(
      {
        socket,
        splitter,
        peer: answer,
        remoteAddress: remoteAddress(options, socket),
        maxQueuedBytes: options.maxQueuedBytes,
        whenFull: 'drop',
        handlers,
      },
      context,
    );
    outcome.greeted(connection);
    connection.start();
  });
  const cancel = (): void => {
    greeting.cancel();
    drop(socket);
  };
  return { cancel };
}

function drop(socket: Socket): void {
  socket.on('error', () => {});
  socket.destroy();
}

/** The welcome's hello, or why the attempt failed. */
function judge(options: DialOptions, ours: Hello, first: FirstFrame): Hello | DialFailure {
  const where = formatAddress(options);
  switch (first.type) {
    case 'frame':
      return welcome(ours, first);
    case 'garbage':
      return { error: notRaftctl(`bytes of another protocol from ${where}`), cutShort: false, refusedBy: [] };
    case 'ended':
      return { error: unreachable(`${where} ended the connection without a greeting`), cutShort: true, refusedBy: [] };
    case 'silence': {
      const error = unreachable(`${where} did not greet within ${options.handshakeTimeoutMs} ms`);
      return { error, cutShort: false, refusedBy: [] };
    }
    case 'failed':
      return systemFailure(where, first.error);
  }
}

function welcome(ours: Hello, { frame }: Extract<FirstFrame, { type: 'frame' }>): Hello | DialFailure {
  try {
    const theirs = decodeAnswer(frame);
    const error = checkCluster(ours, theirs);
    return error === undefined ? theirs : { error, cutShort: false, refusedBy: [] };
  } catch (thrown) {
    if (!(thrown instanceof RaftctlError)) throw thrown;
    return { error: thrown, cutShort: false, refusedBy: [] };
  }
}

/** A host name may stand for several addresses: the error then holds one per address. */
function systemFailure(where: string, error: Error): DialFailure {
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const refusedBy = errors.map(refusedAddress).filter((address) => address !== undefined);
  if (refusedBy.length > 0) return { ...refusal(where), refusedBy };
  const code = codeOf(error) ?? error.message;
  const cutShort = code === 'ECONNRESET' || code === 'EPIPE';
  return { error: unreachable(`${where} cannot be reached: ${code}`, error), cutShort, refusedBy: [] };
}

const refusal = (where: string): DialFailure => ({
  error: new RaftctlError('unreachable', `nothing listens at ${where}`, { hint: 'is the node running?' }),
  cutShort: false,
  refusedBy: [where],
});

const unreachable = (message: string, cause?: Error): RaftctlError =>
  new RaftctlError('unreachable', message, cause === undefined ? {} : { cause });

/**
 * A dial to a free port of this machine may be given that very port as its own, and TCP then connects the socket with
 * itself. Nothing listens there; and nothing could until the socket is gone.
 */
function isSelfConnected(socket: Socket): boolean {
  const { localPort, localAddress, remotePort, remoteAddress } = socket;
  return localPort !== undefined && localPort === remotePort && localAddress === remoteAddress;
}

function remoteAddress({ path }: Address, socket: Socket): string {
  return path ?? formatAddress({ host: socket.remoteAddress ?? '?', port: socket.remotePort ?? 0 });
}
