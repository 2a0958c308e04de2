import { assert, type Clock, RaftctlError, type Random, type Scheduler } from '../base/index.js';
import { codeOf } from './address.js';
import { type LinkFaults, sufferer } from './faults.js';
import { encodeFrame, type FrameSplitter } from './frames.js';
import { HANDSHAKE_KIND, HOST_KIND_MIN } from './handshake-frames.js';
import type { HeldBytes } from './held-bytes.js';
import type { Network, Socket } from './network.js';
import { LINGER_MS, type Partings } from './parting.js';
import { Passages } from './passages.js';
import { decodeRefusal, encodeRefusal } from './refusal.js';
import { SendQueue } from './send-queue.js';
import type { Connection, ConnectionHandlers, ConnectionRole, Frame, Hello } from './transport.js';
import type { FlushAtTurnEnd } from './turn.js';
import type { Agreement, VersionRange } from './versions.js';

/** What all connections of one transport share. */
export interface ConnectionContext {
  readonly network: Network;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Of nonces. */
  readonly random: Random;
  /** Of the protocol. */
  readonly versions: VersionRange;
  readonly flushes: FlushAtTurnEnd;
  readonly partings: Partings;
  readonly faults: LinkFaults;
  nextId(): number;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  /** May hold bytes that came right behind the greeting. */
  readonly splitter: FrameSplitter;
  /** What it is for: who dialed says so. */
  readonly role: ConnectionRole;
  readonly peer: Hello;
  readonly agreement: Agreement;
  readonly remoteAddress: string;
  readonly maxQueuedBytes: number;
  /** Of a connection that was accepted. A link that is at its bound drops the newest frame, and nothing else. */
  readonly accepted?: Accepted;
  readonly handlers: ConnectionHandlers;
}

/** What a listener does about those who do not read. */
interface Accepted {
  readonly fullBytes: number;
  readonly held: HeldBytes;
  /** The connection is ended because its other side does not read, or sends half of something. */
  readonly cut: (connection: Connection, error: RaftctlError) => void;
}

/** A greeted socket. Open until `#end`, the one place that closes it. */
export class SocketConnection implements Connection {
  readonly id: number;
  readonly #options: ConnectionOptions;
  readonly #context: ConnectionContext;
  readonly #sendQueue = new SendQueue();
  #isOpen = true;
  #isFull = false;
  #isPaused = false;
  /** Since when something is held for it, in monotonic milliseconds. */
  #heldSince: number | undefined;
  /** Undefined: nothing is wrong, and no frame pays for what might be. */
  #passages: Passages | undefined;

  constructor(options: ConnectionOptions, context: ConnectionContext) {
    this.id = context.nextId();
    this.#options = options;
    this.#context = context;
    context.faults.follow(sufferer(options.peer), this);
    this.faultsChanged();
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
    return this.#sendQueue.bytes + this.#options.socket.writableLength + (this.#passages?.out.bytes ?? 0);
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Queued for it, half of a frame of it, or late. */
  get heldBytes(): number {
    return this.queuedBytes + this.#options.splitter.heldBytes + (this.#passages?.in.bytes ?? 0);
  }

  /** How long it let something wait. */
  heldMs(now: number): number {
    return this.#heldSince === undefined ? 0 : now - this.#heldSince;
  }

  /** Begins to read; what came right behind the greeting first. */
  start(): void {
    if (!this.#isOpen) return;
    const { socket, splitter } = this.#options;
    socket.on('data', (chunk: Buffer) => {
      if (!this.#isOpen) return;
      splitter.push(chunk);
      this.#deliver();
      if (splitter.isMidFrame) this.#options.accepted?.held.add(chunk.length);
    });
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#hear(() => this.#ended()));
    socket.on('error', (error) => this.#hear(() => this.#end(this.#broke(error))));
    socket.on('close', () => this.#hear(() => this.#end(undefined)));
    this.#deliver();
  }

  /** What this side of the link suffers is another. */
  faultsChanged(): void {
    const troubles = this.#context.faults.of(sufferer(this.#options.peer));
    if (troubles === undefined && this.#passages === undefined) return;
    // What was sent before is on its way.
    this.flush();
    this.#passages ??= new Passages({
      ...this.#context,
      isStream: this.#options.role === 'client',
      isRepeated: this.#options.role === 'snapshot',
      cameIn: (frames) => this.#cameIn(frames),
      wentOut: (frames) => this.#wentOut(frames),
      broken: () => this.#end(this.#lostFrames(), { abruptly: true }),
    });
    this.#passages.suffer(troubles);
    // Whatever a cut took along makes room.
    if (this.#isFull) this.#context.scheduler.defer(() => this.#drained());
    this.#healed();
    this.#regulate();
  }

  send(kind: number, callId: number, ...parts: readonly Uint8Array[]): boolean {
    assert(kind >= HOST_KIND_MIN && kind <= 255, 'the kind of a frame: expected 16 to 255');
    if (!this.#isOpen) return false;
    if (this.queuedBytes >= this.#options.maxQueuedBytes && !this.#makesRoom()) return false;
    const passages = this.#passages;
    const bytes =
      passages === undefined ? this.#enqueue(kind, callId, parts) : this.#sendThrough(passages, kind, callId, parts);
    if (this.#options.accepted !== undefined) this.#holds(this.#options.accepted, bytes);
    return this.#isOpen;
  }

  /** Answers how many bytes the frame has. */
  #enqueue(kind: number, callId: number, parts: readonly Uint8Array[]): number {
    if (this.#sendQueue.bytes === 0) this.#context.flushes.add(this);
    return this.#sendQueue.add(kind, callId, parts);
  }

  /** As `#enqueue`: 0 of a frame that is lost, which its sender does not notice. */
  #sendThrough(passages: Passages, kind: number, callId: number, parts: readonly Uint8Array[]): number {
    const payload = Buffer.concat(parts);
    const lateBytes = passages.send({ kind, callId, payload });
    return lateBytes === 'through' ? this.#enqueue(kind, callId, [payload]) : lateBytes;
  }

  #wentOut(frames: readonly Frame[]): void {
    for (const { kind, callId, payload } of frames) {
      if (this.#isOpen) this.#enqueue(kind, callId, [payload]);
      else this.#options.socket.write(encodeFrame(kind, callId, payload));
    }
    this.#healed();
  }

  #cameIn(frames: readonly Frame[]): void {
    this.#hand(frames);
    this.#healed();
    this.#regulate();
  }

  /** Nothing is wrong any more, nor late: frames go their own way again. */
  #healed(): void {
    if (this.#passages?.isOpen === true) this.#passages = undefined;
  }

  #hearRefusal(payload: Buffer): void {
    this.#hear(() => this.#end(decodeRefusal(payload)));
  }

  /** The end of the other side, behind whatever it sent before. */
  #hear(end: () => void): void {
    if (this.#passages === undefined) end();
    else this.#passages.in.end(end);
  }

  flush(): void {
    if (this.#sendQueue.bytes === 0) return;
    const { socket, accepted } = this.#options;
    const buffers = this.#sendQueue.take();
    if (buffers.length === 1) {
      socket.write(buffers[0]!);
    } else {
      socket.cork();
      for (const buffer of buffers) socket.write(buffer);
      socket.uncork();
    }
    if (accepted === undefined) return;
    this.#noteHeld(false);
    // The kernel took it at once: nobody will tell that there is room again.
    if (this.#isFull && socket.writableLength < accepted.fullBytes)
      this.#context.scheduler.defer(() => this.#drained());
  }

  close(reason?: RaftctlError): void {
    if (!this.#isOpen) return;
    this.flush();
    this.#end(reason, { lastWords: reason === undefined ? undefined : encodeRefusal(reason) });
  }

  /** Ends it at once: whoever does not read hears no last words either. */
  cut(why: string): void {
    const error = new RaftctlError('closed', `${this.#peerName()} ${why}`);
    if (this.#isOpen) this.#options.accepted?.cut(this, error);
    this.#end(error, { abruptly: true });
  }

  /** The queue is at its bound: whatever the kernel takes now makes room. */
  #makesRoom(): boolean {
    const { maxQueuedBytes, accepted } = this.#options;
    this.flush();
    if (this.queuedBytes < maxQueuedBytes) return true;
    const waiting = `${this.queuedBytes} bytes wait for it, the most is ${maxQueuedBytes}`;
    if (accepted !== undefined) this.cut(`does not read: ${waiting}`);
    return false;
  }

  /** More is queued. Who does not take it is not asked what else it wants: no request is read meanwhile. */
  #holds({ fullBytes, held }: Accepted, bytes: number): void {
    if (!this.#isFull && this.queuedBytes >= fullBytes) {
      this.#isFull = true;
      this.#regulate();
    }
    held.add(bytes);
  }

  /** Who is full is not read, nor is one of whom enough is late. */
  #regulate(): void {
    const { socket, maxQueuedBytes, accepted } = this.#options;
    const lateBytes = this.#passages?.in.bytes ?? 0;
    const isPaused = this.#isFull || lateBytes >= Math.min(maxQueuedBytes, accepted?.fullBytes ?? maxQueuedBytes);
    if (isPaused === this.#isPaused || !this.#isOpen) return;
    this.#isPaused = isPaused;
    if (isPaused) socket.pause();
    else socket.resume();
  }

  #drained(): void {
    const { accepted, handlers } = this.#options;
    if (!this.#isOpen || accepted === undefined) return;
    this.#noteHeld(false);
    if (!this.#isFull || this.queuedBytes >= accepted.fullBytes) return;
    this.#isFull = false;
    this.#regulate();
    handlers.drained?.(this);
  }

  /** Whoever sends whole frames and takes what it gets lets nothing wait. */
  #noteHeld(gotFrames: boolean): void {
    const { socket, splitter } = this.#options;
    const isUnsent = socket.writableLength > 0;
    if (!isUnsent && (gotFrames || !splitter.isMidFrame)) this.#heldSince = undefined;
    if (isUnsent || splitter.isMidFrame) this.#heldSince ??= this.#context.clock.now();
  }

  #deliver(): void {
    const { splitter } = this.#options;
    const frames: Frame[] = [];
    let own: Frame | undefined;
    for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) {
      if (frame.kind < HOST_KIND_MIN) {
        own = frame;
        break;
      }
      frames.push(frame);
    }
    if (this.#options.accepted !== undefined) this.#noteHeld(frames.length > 0);
    if (frames.length > 0) {
      if (this.#passages === undefined) this.#hand(frames);
      else this.#receiveThrough(this.#passages, frames);
    }
    if (!this.#isOpen) return;
    if (own?.kind === HANDSHAKE_KIND.refusal) this.#hearRefusal(own.payload);
    else if (own !== undefined) this.#violated(`a frame of kind ${own.kind}, which belongs to the handshake`);
    else if (splitter.fault !== undefined) this.#violated(splitter.fault.message);
  }

  #receiveThrough(passages: Passages, frames: readonly Frame[]): void {
    const before = passages.in.bytes;
    const through = passages.receive(frames);
    if (through.length > 0) this.#hand(through);
    this.#regulate();
    const lateBytes = passages.in.bytes - before;
    if (lateBytes > 0) this.#options.accepted?.held.add(lateBytes);
  }

  #hand(frames: readonly Frame[]): void {
    try {
      this.#options.handlers.frames(this, frames);
    } catch (thrown) {
      if (!(thrown instanceof RaftctlError)) throw thrown;
      this.#refuse(thrown);
    }
  }

  #violated(what: string): void {
    this.#refuse(new RaftctlError('bad-request', `${this.#peerName()} broke the protocol: ${what}`));
  }

  #refuse(error: RaftctlError): void {
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
    const passages = this.#passages;
    passages?.in.clear();
    if (how.abruptly === true) {
      passages?.out.clear();
      this.#leave();
      socket.destroy();
    } else if (passages !== undefined) {
      this.#partThrough(passages, how.lastWords);
    } else {
      this.#leave();
      this.#context.partings.part(socket, how.lastWords);
    }
    this.#context.scheduler.defer(() => handlers.closed?.(this, error));
  }

  /** What is late is sent first, as far as it is within the time that last words have. A cut lets none of it through. */
  #partThrough({ out }: Passages, lastWords: Uint8Array | undefined): void {
    const { scheduler, partings } = this.#context;
    const part = (words: Uint8Array | undefined): void => {
      timer.cancel();
      out.clear();
      this.#leave();
      partings.part(this.#options.socket, words);
    };
    const timer = scheduler.after(LINGER_MS, () => part(undefined));
    if (out.isCut) part(undefined);
    else out.end(() => part(lastWords));
  }

  /** What its link suffers is nothing to it any more. */
  #leave(): void {
    this.#context.faults.leave(sufferer(this.peer), this);
  }

  #lostFrames(): RaftctlError {
    return new RaftctlError('closed', `the link to ${this.#peerName()} lost frames on purpose`);
  }

  #peerName(): string {
    const { peer, remoteAddress } = this.#options;
    return `${peer.node === '' ? peer.role : peer.node} at ${remoteAddress}`;
  }
}
