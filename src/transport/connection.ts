import { assert, RaftctlError, type Random, type Scheduler } from '../base/index.js';
import { codeOf } from './address.js';
import type { FrameSplitter } from './frames.js';
import { HANDSHAKE_KIND, HOST_KIND_MIN } from './handshake-frames.js';
import type { Network, Socket } from './network.js';
import type { Partings } from './parting.js';
import { decodeRefusal, encodeRefusal } from './refusal.js';
import { SendQueue } from './send-queue.js';
import type { Connection, ConnectionHandlers, Frame, Hello } from './transport.js';
import type { FlushAtTurnEnd } from './turn.js';
import type { Agreement, VersionRange } from './versions.js';

/** What all connections of one transport share. */
export interface ConnectionContext {
  readonly network: Network;
  readonly scheduler: Scheduler;
  /** Of nonces. */
  readonly random: Random;
  /** Of the protocol. */
  readonly versions: VersionRange;
  readonly flushes: FlushAtTurnEnd;
  readonly partings: Partings;
  nextId(): number;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  /** May hold bytes that came right behind the greeting. */
  readonly splitter: FrameSplitter;
  readonly peer: Hello;
  readonly agreement: Agreement;
  readonly remoteAddress: string;
  readonly maxQueuedBytes: number;
  /** A full queue drops the newest frame (links), or ends a connection whose other side does not read (listeners). */
  readonly whenFull: 'drop' | 'disconnect';
  readonly handlers: ConnectionHandlers;
}

/** A greeted socket. Open until `#end`, the one place that closes it. */
export class SocketConnection implements Connection {
  readonly id: number;
  readonly #options: ConnectionOptions;
  readonly #context: ConnectionContext;
  readonly #sendQueue = new SendQueue();
  #isOpen = true;

  constructor(options: ConnectionOptions, context: ConnectionContext) {
    this.id = context.nextId();
    this.#options = options;
    this.#context = context;
  }

  get peer(): Hello {
    return this.#options.peer;
  }

  get agreement(): Agreement {
    return this.#options.agreement;
  }

  get remoteAddress(): string {
    return this.#options.remoteAddress;
  }

  get queuedBytes(): number {
    return this.#sendQueue.bytes + this.#options.socket.writableLength;
  }

  /** Begins to read; what came right behind the greeting first. */
  start(): void {
    if (!this.#isOpen) return;
    const { socket, splitter } = this.#options;
    socket.on('data', (chunk: Buffer) => {
      if (!this.#isOpen) return;
      splitter.push(chunk);
      this.#deliver();
    });
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => this.#end(this.#broke(error)));
    socket.on('close', () => this.#end(undefined));
    this.#deliver();
  }

  send(kind: number, callId: number, ...parts: readonly Uint8Array[]): boolean {
    assert(kind >= HOST_KIND_MIN && kind <= 255, 'the kind of a frame: expected 16 to 255');
    if (!this.#isOpen) return false;
    if (this.queuedBytes >= this.#options.maxQueuedBytes && !this.#makesRoom()) return false;
    if (this.#sendQueue.bytes === 0) this.#context.flushes.add(this);
    this.#sendQueue.add(kind, callId, parts);
    return true;
  }

  flush(): void {
    if (this.#sendQueue.bytes === 0) return;
    const { socket } = this.#options;
    const buffers = this.#sendQueue.take();
    if (buffers.length === 1) {
      socket.write(buffers[0]!);
      return;
    }
    socket.cork();
    for (const buffer of buffers) socket.write(buffer);
    socket.uncork();
  }

  close(reason?: RaftctlError): void {
    if (!this.#isOpen) return;
    this.flush();
    this.#end(reason, { lastWords: reason === undefined ? undefined : encodeRefusal(reason) });
  }

  /** The queue is at its bound: whatever the kernel takes now makes room. */
  #makesRoom(): boolean {
    const { maxQueuedBytes, whenFull } = this.#options;
    this.flush();
    if (this.queuedBytes < maxQueuedBytes) return true;
    if (whenFull === 'disconnect') {
      const waiting = `${this.queuedBytes} bytes wait for it, the most is ${maxQueuedBytes}`;
      this.#end(new RaftctlError('closed', `${this.#peerName()} does not read: ${waiting}`), { abruptly: true });
    }
    return false;
  }

  #deliver(): void {
    const { splitter, handlers } = this.#options;
    const frames: Frame[] = [];
    let own: Frame | undefined;
    for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) {
      if (frame.kind < HOST_KIND_MIN) {
        own = frame;
        break;
      }
      frames.push(frame);
    }
    if (frames.length > 0) handlers.frames(this, frames);
    if (!this.#isOpen) return;
    if (own?.kind === HANDSHAKE_KIND.refusal) this.#end(decodeRefusal(own.payload));
    else if (own !== undefined) this.#violated(`a frame of kind ${own.kind}, which belongs to the handshake`);
    else if (splitter.fault !== undefined) this.#violated(splitter.fault.message);
  }

  #violated(what: string): void {
    const error = new RaftctlError('bad-request', `${this.#peerName()} broke the protocol: ${what}`);
    this.#end(error, { lastWords: encodeRefusal(error) });
  }

  #ended(): void {
    const isWhole = !this.#options.splitter.isMidFrame;
    this.#end(isWhole ? undefined : new RaftctlError('closed', `${this.#peerName()} ended in the middle of a frame`));
  }

  #broke(error: Error): RaftctlError {
    const what = codeOf(error) ?? error.message;
    return new RaftctlError('closed', `the connection to ${this.#peerName()} broke: ${what}`, { cause: error });
  }

  /** Open -> closed. Handlers hear of it in a later turn: this may run inside one of their calls. */
  #end(error: RaftctlError | undefined, how: { lastWords?: Uint8Array | undefined; abruptly?: boolean } = {}): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#sendQueue.clear();
    const { socket, handlers } = this.#options;
    if (how.abruptly === true) socket.destroy();
    else this.#context.partings.part(socket, how.lastWords);
    this.#context.scheduler.defer(() => handlers.closed?.(this, error));
  }

  #peerName(): string {
    const { peer, remoteAddress } = this.#options;
    return `${peer.node === '' ? peer.role : peer.node} at ${remoteAddress}`;
  }
}
