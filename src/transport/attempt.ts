import { RaftctlError } from '../base/index.js';
import { type Address, codeOf, formatAddress, refusedAddress } from './address.js';
import { type ConnectionContext, SocketConnection } from './connection.js';
import { DialerHandshake, type DialerStep } from './dialer-handshake.js';
import { FrameSplitter } from './frames.js';
import { awaitGreeting, type Heard } from './greeting-frames.js';
import { HANDSHAKE_BYTES_MAX } from './handshake-frames.js';
import type { Attempt, AttemptOutcome, DialFailure } from './link.js';
import type { Socket } from './network.js';
import { notRaftctl } from './refusal.js';
import type { ConnectionHandlers, DialOptions } from './transport.js';

/** Dials once and greets: one answer to `outcome`, unless cancelled before. */
export function attempt(
  options: DialOptions,
  handlers: ConnectionHandlers,
  outcome: AttemptOutcome,
  context: ConnectionContext,
): Attempt {
  const { scheduler, random, versions } = context;
  const { secret, expected } = options;
  const hello = options.hello();
  const handshake = new DialerHandshake({ hello, versions, secret, expected, random });
  const splitter = new FrameSplitter(HANDSHAKE_BYTES_MAX);
  const socket = context.network.dial(options);
  socket.once('connect', () => {
    socket.write(handshake.opening);
    outcome.reached?.();
  });
  const wait = { scheduler, timeoutMs: options.handshakeTimeoutMs };
  const greeting = awaitGreeting(socket, splitter, wait, (heard) => {
    const step = isSelfConnected(socket) ? refusal(formatAddress(options)) : judge(options, handshake, heard);
    if ('error' in step) {
      drop(socket);
      outcome.failed(step);
      return false;
    }
    if (step.type === 'proof') {
      socket.write(step.answer);
      return true;
    }
    splitter.maxFrameBytes = options.maxFrameBytes;
    const connection = new SocketConnection(
      {
        socket,
        splitter,
        role: hello.role,
        peer: step.peer,
        agreement: step.agreement,
        remoteAddress: remoteAddress(options, socket),
        maxQueuedBytes: options.maxQueuedBytes,
        handlers,
      },
      context,
    );
    outcome.greeted(connection);
    connection.start();
    return false;
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

/** The next step of the handshake, or why the attempt failed. */
function judge(options: DialOptions, handshake: DialerHandshake, heard: Heard): DialerStep | DialFailure {
  const where = formatAddress(options);
  switch (heard.type) {
    case 'frame':
      return stepOf(handshake, heard);
    case 'garbage':
      return { error: notRaftctl(`bytes of another protocol from ${where}`), cutShort: false, refusedBy: [] };
    case 'ended':
      return { error: unreachable(`${where} ended the connection without a greeting`), cutShort: true, refusedBy: [] };
    case 'silence': {
      const error = unreachable(`${where} did not greet within ${options.handshakeTimeoutMs} ms`);
      return { error, cutShort: false, refusedBy: [] };
    }
    case 'failed':
      return systemFailure(where, heard.error);
  }
}

function stepOf(handshake: DialerHandshake, { frame }: Extract<Heard, { type: 'frame' }>): DialerStep | DialFailure {
  try {
    return handshake.heard(frame);
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
