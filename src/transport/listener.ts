import { type Emit, LimitedWarnings, RaftctlError } from '../base/index.js';
import { type Address, codeOf, formatAddress } from './address.js';
import { type ConnectionContext, SocketConnection } from './connection.js';
import { sufferer } from './faults.js';
import { FrameSplitter } from './frames.js';
import { type Awaited, awaitGreeting, type Heard } from './greeting-frames.js';
import { HANDSHAKE_BYTES_MAX } from './handshake-frames.js';
import { HeldBytes } from './held-bytes.js';
import { HeldGreeting } from './held-greeting.js';
import { ListenerHandshake, type ListenerStep } from './listener-handshake.js';
import type { ServerSocket, Socket } from './network.js';
import { encodeRefusal, strangersAnswer } from './refusal.js';
import type { Connection, ConnectionHandlers, Hello, Listener, ListenOptions } from './transport.js';

/** Sockets beyond `maxConnections`, so that clients in a crowd cannot lock out peers and admin. */
const RESERVE = 64;
/** The system cuts longer socket paths off without a word (104 bytes with the end on macOS, 108 on Linux). */
const SOCKET_PATH_BYTES_MAX = 103;

export interface ListenContext extends ConnectionContext {
  readonly emit: Emit;
}

/** Binds; rejects with an error that names the address and what to do. */
export async function listen(options: ListenOptions, context: ListenContext): Promise<Listener> {
  const { path } = options;
  if (path !== undefined && Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    const message = `socket path ${path}: expected at most ${SOCKET_PATH_BYTES_MAX} bytes, received ${Buffer.byteLength(path)}`;
    throw new RaftctlError('start-failed', message, { hint: 'choose a shorter directory' });
  }
  const { network, emit, scheduler } = context;
  const warnings = new LimitedWarnings(emit, scheduler);
  const accepting = network.listen(options, {
    accepted: (socket) => listener.accept(socket),
    // Out of descriptors, most likely: those who hold them go again, and the next one is taken.
    failed: (error) => warnings.warn('accept-failed', { reason: error.message }),
  });
  const server = await accepting.catch((error: Error) => {
    throw cannotListen(options, error);
  });
  const listener = new SocketListener(server, options, context, warnings);
  return listener;
}

function cannotListen(address: Address, error: Error): RaftctlError {
  const where = formatAddress(address);
  const code = codeOf(error);
  if (code === 'EADDRINUSE') {
    const other = address.path === undefined ? 'choose another port' : 'remove the file if nobody does';
    const hint = `stop the program that holds it, or ${other}`;
    return new RaftctlError('port-taken', `cannot listen on ${where}: it is taken`, { cause: error, hint });
  }
  const [reason, hint] = UNUSABLE[code ?? ''] ?? [code ?? error.message, 'check the host in the config'];
  return new RaftctlError('start-failed', `cannot listen on ${where}: ${reason}`, { cause: error, hint });
}

/** Where nobody can listen, whoever else does: why, and what to do. */
const UNUSABLE: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  EACCES: ['no permission (EACCES)', 'choose a port above 1023, or a directory of your own'],
  EADDRNOTAVAIL: [
    'this machine has no such address (EADDRNOTAVAIL)',
    'give the host an address of this machine: 127.0.0.1 is always one, 0.0.0.0 stands for all',
  ],
  ENOTFOUND: ['no such host (ENOTFOUND)', 'give the host a name that this machine knows, or an address'],
};

/** Who has connected and not greeted yet. */
interface Stranger {
  readonly socket: Socket;
  readonly address: string;
  readonly splitter: FrameSplitter;
  readonly handshake: ListenerHandshake;
  readonly held: HeldGreeting;
}

type Greeted = Extract<ListenerStep, { type: 'greeted' }>;

/** Greets who dials: a socket is first a stranger with a deadline, then a connection, or it is shown the door. */
class SocketListener implements Listener {
  readonly port: number;
  readonly connections = new Set<SocketConnection>();
  readonly #strangers = new Map<Socket, Awaited>();
  readonly #server: ServerSocket;
  readonly #options: ListenOptions;
  readonly #context: ListenContext;
  readonly #warnings: LimitedWarnings;
  readonly #handlers: ConnectionHandlers;
  readonly #held: HeldBytes;

  constructor(server: ServerSocket, options: ListenOptions, context: ListenContext, warnings: LimitedWarnings) {
    this.port = server.port;
    this.#server = server;
    this.#options = options;
    this.#context = context;
    this.#warnings = warnings;
    const { maxHeldBytes = Number.POSITIVE_INFINITY } = options;
    this.#held = new HeldBytes({ bytesMax: maxHeldBytes, connections: this.connections, clock: context.clock });
    this.#handlers = {
      frames: (connection, frames) => options.handlers.frames(connection, frames),
      drained: (connection) => options.handlers.drained?.(connection),
      closed: (connection, error) => this.#closed(connection as SocketConnection, error),
    };
    context.emit.emit('info', 'listening', { address: formatAddress({ ...options, port: this.port }) });
  }

  close(): Promise<void> {
    const done = new Promise<void>((resolve) => this.#server.close(resolve));
    this.#warnings.close();
    for (const [socket, greeting] of this.#strangers) {
      greeting.cancel();
      this.#context.partings.part(socket);
    }
    this.#strangers.clear();
    const { node } = this.#options.hello();
    const reason = new RaftctlError('shutting-down', `${node === '' ? 'the listener' : node} is shutting down`);
    for (const connection of this.connections) connection.close(reason);
    return done;
  }

  accept(socket: Socket): void {
    const address = remoteAddressOf(socket);
    if (this.#strangers.size + this.connections.size >= this.#options.maxConnections + RESERVE) {
      // Whoever means to greet does so at once: those who were silent longest give way.
      const longest = this.#strangers.keys().next().value ?? socket;
      this.#strangers.get(longest)?.cancel();
      this.#strangers.delete(longest);
      this.#refuse(longest, remoteAddressOf(longest), this.#crowded());
      if (longest === socket) return;
    }
    const { scheduler, random, versions } = this.#context;
    const { hello, secret, handshakeTimeoutMs } = this.#options;
    const admit = (peer: Hello) => this.#checkRoom(peer) ?? this.#options.admit?.(peer);
    const stranger: Stranger = {
      socket,
      address,
      splitter: new FrameSplitter(HANDSHAKE_BYTES_MAX),
      handshake: new ListenerHandshake({ hello, versions, secret, random, admit }),
      held: new HeldGreeting(handshakeTimeoutMs, this.#context),
    };
    const wait = { scheduler, timeoutMs: handshakeTimeoutMs };
    const greeting = awaitGreeting(socket, stranger.splitter, wait, (heard) => {
      if (heard.type === 'frame' && this.#holds(stranger, heard, () => greeting.goOn())) return 'later';
      const wantsMore = this.#heard(stranger, heard);
      if (!wantsMore) this.#forget(stranger);
      return wantsMore;
    });
    this.#strangers.set(socket, {
      goOn: () => greeting.goOn(),
      cancel: () => {
        greeting.cancel();
        stranger.held.cancel();
      },
    });
  }

  #holds({ handshake, held }: Stranger, { frame }: Extract<Heard, { type: 'frame' }>, goOn: () => void): boolean {
    if (!this.#context.faults.isAny && !held.isHeld) return false;
    const dialer = handshake.dialerOf(frame);
    return dialer !== undefined && held.holds(sufferer(dialer), goOn);
  }

  #forget({ socket, held }: Stranger): void {
    held.cancel();
    this.#strangers.delete(socket);
  }

  /** True: the handshake goes on. */
  #heard(stranger: Stranger, heard: Heard): boolean {
    const { socket, address } = stranger;
    switch (heard.type) {
      case 'frame':
        return this.#take(stranger, heard);
      case 'garbage': {
        const { error, answer } = strangersAnswer(heard.announced);
        this.#refuse(socket, address, error, answer);
        return false;
      }
      case 'silence': {
        if (stranger.held.isHeld) return this.#left(stranger);
        const bound = `expected a greeting within ${this.#options.handshakeTimeoutMs} ms, received none`;
        this.#refuse(socket, address, new RaftctlError('handshake-refused', bound));
        return false;
      }
      case 'ended':
      case 'failed':
        return this.#left(stranger);
    }
  }

  /** A port probe looks like this. Nobody is left to be told, or nobody must be. */
  #left({ socket, address }: Stranger): false {
    this.#context.emit.emit('debug', 'stranger-left', { address });
    this.#context.partings.part(socket);
    return false;
  }

  #take(stranger: Stranger, { frame }: Extract<Heard, { type: 'frame' }>): boolean {
    const { socket, address, handshake } = stranger;
    let step: ListenerStep;
    try {
      step = handshake.heard(frame);
    } catch (thrown) {
      if (!(thrown instanceof RaftctlError)) throw thrown;
      this.#refuse(socket, address, thrown);
      return false;
    }
    socket.write(step.answer);
    if (step.type === 'challenge') return true;
    this.#welcomed(stranger, step);
    return false;
  }

  #welcomed(stranger: Stranger, { peer, agreement }: Greeted): void {
    const { socket, splitter, address } = stranger;
    this.#forget(stranger);
    splitter.maxFrameBytes = this.#options.maxFrameBytes(peer.role);
    const connection = new SocketConnection(
      {
        socket,
        splitter,
        role: peer.role,
        peer,
        agreement,
        remoteAddress: address,
        maxQueuedBytes: this.#options.maxQueuedBytes,
        accepted: {
          fullBytes: this.#options.fullBytes ?? Number.POSITIVE_INFINITY,
          held: this.#held,
          cut: (cut, error) => this.#cut(cut, error),
        },
        handlers: this.#handlers,
      },
      this.#context,
    );
    this.connections.add(connection);
    const { role, node } = peer;
    this.#context.emit.emit('debug', 'connection-opened', { connection: connection.id, role, peer: node, address });
    this.#options.handlers.opened?.(connection);
    connection.start();
  }

  #checkRoom({ role }: Hello): RaftctlError | undefined {
    return role === 'client' && this.connections.size >= this.#options.maxConnections ? this.#crowded() : undefined;
  }

  #crowded(): RaftctlError {
    const { maxConnections, hello } = this.#options;
    const message = `${hello().node} has ${this.connections.size} connections, the most is ${maxConnections}`;
    return new RaftctlError('handshake-refused', message, { hint: 'close some, or use another node' });
  }

  #refuse(socket: Socket, address: string, error: RaftctlError, answer: Uint8Array = encodeRefusal(error)): void {
    this.#warnings.warn('connection-refused', { address, code: error.code, reason: error.message });
    this.#context.partings.part(socket, answer);
  }

  #cut({ peer, remoteAddress }: Connection, { message }: RaftctlError): void {
    const { role, node } = peer;
    this.#warnings.warn('connection-cut', { role, peer: node, address: remoteAddress, reason: message });
  }

  #closed(connection: SocketConnection, error: RaftctlError | undefined): void {
    this.connections.delete(connection);
    const { emit } = this.#context;
    if (emit.enabled('debug')) {
      const { role, node } = connection.peer;
      const reason = error?.message;
      emit.emit('debug', 'connection-closed', {
        connection: connection.id,
        role,
        peer: node,
        code: error?.code,
        reason,
      });
    }
    this.#options.handlers.closed?.(connection, error);
  }
}

/** A Unix socket's dialer has no address. */
function remoteAddressOf(socket: Socket): string {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return 'a local socket';
  return formatAddress({ host: remoteAddress, port: remotePort });
}
