import { EventEmitter } from 'node:events';
import { assert, randomInt } from '../../base/index.js';
import { encodeFrame, FrameSplitter } from '../../transport/frames.js';
import { HANDSHAKE_KIND, HOST_KIND_MIN } from '../../transport/handshake-frames.js';
import type { Frame, Socket } from '../../transport/index.js';
import { decodeRefusal } from '../../transport/refusal.js';
import type { Medium, NetworkHost } from './medium.js';
import { retransmittedAt } from './network-faults.js';

/** Where one end is, and who has it. */
export interface SocketEnd {
  readonly medium: Medium;
  readonly name: string;
  readonly host: NetworkHost;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The name of the other side, as far as it is known. */
  readonly otherName: string;
}

/**
 * One end of a byte stream in memory. What is written at once is a batch: the kernel takes it whole while it has room,
 * and what the faults do to frames, they do to those of a batch. The other side reads in chunks that need not end where
 * frames do.
 */
export class MemorySocket extends EventEmitter implements Socket {
  readonly name: string;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** It is closed for good; told once. */
  gone: () => void = () => {};
  readonly #end: SocketEnd;
  #other: MemorySocket | undefined;
  #isDestroyed = false;
  #corked: Uint8Array[] | undefined;
  /** Written, and the kernel has no room for it. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Of what this end wrote: on its way, or unread. */
  #kernelBytes = 0;
  #lastArrival = 0;
  /** The same of what overtakes and is overtaken too. */
  #latestArrival = 0;
  /** Nothing overtakes a greeting. */
  #greetingArrival = 0;
  /** TCP repeats what a silence swallowed; until then everything behind it waits. */
  #stuckUntil = 0;
  #stuckSince = 0;
  /** Something was lost: nothing behind it is handed over. */
  #hasHole = false;
  #isEnding = false;
  #hasSentEnd = false;
  /** Arrived, and not read. */
  #unread: Buffer[] = [];
  #isReadDue = false;
  #isPaused = false;
  /** Told when the kernel has everything. */
  #needsDrain = false;
  #hasHeardEnd = false;

  constructor(end: SocketEnd) {
    super();
    this.#end = end;
    this.name = end.name;
    this.localAddress = end.localAddress;
    this.localPort = end.localPort;
    this.remoteAddress = end.remoteAddress;
    this.remotePort = end.remotePort;
  }

  get otherName(): string {
    return this.#end.otherName;
  }

  get destroyed(): boolean {
    return this.#isDestroyed;
  }

  /** A batch that the kernel has taken may be more than it holds: the rest of it waits like the others. */
  get writableLength(): number {
    return this.#waitingBytes + Math.max(0, this.#kernelBytes - this.#capacity);
  }

  get #capacity(): number {
    return this.#end.medium.faults.kernelBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Both kernels know of each other. */
  join(other: MemorySocket): void {
    this.#other = other;
  }

  connected(): void {
    if (!this.#isDestroyed) this.emit('connect');
  }

  failed(error: Error): void {
    if (this.#isDestroyed) return;
    this.emit('error', error);
    this.#close();
  }

  cork(): void {
    this.#corked ??= [];
  }

  uncork(): void {
    const corked = this.#corked ?? [];
    this.#corked = undefined;
    if (corked.length > 0) this.write(Buffer.concat(corked));
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isDestroyed || this.#isEnding) return false;
    assert(this.#other !== undefined, 'written to before it was connected');
    if (this.#corked !== undefined) {
      this.#corked.push(bytes);
      return true;
    }
    const batch = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const frames = framesOf(batch);
    this.#tell(frames);
    // Whoever was told may have ended the process, and whatever the kernel has not is lost with it.
    if (this.#isDestroyed) return false;
    if (this.#waiting.length === 0 && this.#hasRoom()) {
      this.#send(batch, frames);
    } else {
      this.#waiting.push(batch);
      this.#waitingBytes += batch.length;
    }
    this.#needsDrain ||= this.writableLength > 0;
    return this.writableLength === 0;
  }

  end(lastWords?: Uint8Array): void {
    if (lastWords !== undefined) this.write(lastWords);
    this.#isEnding = true;
    this.#pump();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const { medium, host } = this.#end;
    if (!this.#isReadDue) medium.deliver(host, medium.now(), () => this.#read());
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#sayEnd(0);
    this.#close();
  }

  /** The process is gone; the other side notices after `unnoticedMs`. The kernel sends what it has taken. */
  vanish(unnoticedMs: number): void {
    if (this.#isDestroyed) return;
    const [next] = this.#waiting;
    // It was killed within a write: the other side may get any part of it, and nothing behind it.
    if (next !== undefined && !this.#hasHole) {
      this.#carry(next.subarray(0, randomInt(this.#end.host.random, 0, next.length)), this.#latestArrival);
    }
    this.#sayEnd(unnoticedMs);
    this.#isDestroyed = true;
    this.gone();
  }

  /** The connection is reset on the way. */
  breakOff(afterMs = 0): void {
    const { medium, host } = this.#end;
    medium.deliver(host, medium.now() + afterMs, () => this.failed(connectionReset()));
  }

  #tell(frames: readonly Frame[]): void {
    const { medium, name, otherName } = this.#end;
    const [first] = frames;
    if (first === undefined) return;
    if (first.kind >= HOST_KIND_MIN) medium.written(name, otherName, frames, this.writableLength);
    else if (first.kind === HANDSHAKE_KIND.refusal) medium.refused(name, otherName, decodeRefusal(first.payload));
  }

  #hasRoom(): boolean {
    return this.#kernelBytes < this.#capacity;
  }

  /** The kernel takes what it has room for. */
  #pump(): void {
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      const batch = this.#waiting.shift()!;
      this.#waitingBytes -= batch.length;
      this.#send(batch, framesOf(batch));
    }
    if (this.#isDestroyed) return;
    if (!this.#isEnding) {
      if (!this.#needsDrain || this.writableLength > 0) return;
      this.#needsDrain = false;
      this.emit('drain');
      return;
    }
    if (this.#waiting.length > 0) return;
    this.#sayEnd(0);
    if (this.#hasHeardEnd) this.#close();
  }

  #send(batch: Buffer, frames: readonly Frame[]): void {
    if (this.#hasHole) return;
    const { medium, name, otherName } = this.#end;
    this.#repeat();
    const isHosts = frames[0] !== undefined && frames[0].kind >= HOST_KIND_MIN;
    if (!isHosts || medium.faults.passages === undefined) {
      const at = medium.arrivalOf(name, otherName, Math.max(this.#lastArrival, this.#stuckUntil));
      if (at !== undefined) this.#carryInOrder(batch, at);
      // Whoever has not been greeted waits for it, whatever else is said.
      else if (!isHosts) this.#hasHole = true;
      if (!isHosts) this.#greetingArrival = this.#lastArrival;
      return;
    }
    const fate = medium.faults.passages(name, otherName, frames);
    if ('brokenAfterMs' in fate) {
      this.#hasHole = true;
      this.breakOff(fate.brokenAfterMs);
      this.#other!.breakOff(fate.brokenAfterMs);
      return;
    }
    for (const { frames: taken, delayMs, overtakes } of fate) {
      if (taken.length === 0) continue;
      const bytes = taken === frames ? batch : bytesOf(taken);
      const at = Math.max(medium.now() + delayMs, this.#stuckUntil);
      if (overtakes) this.#carry(bytes, Math.max(at, this.#greetingArrival));
      else this.#carryInOrder(bytes, Math.max(at, this.#lastArrival));
    }
  }

  /** What is sent into a silence is what TCP begins to repeat, ever more slowly. */
  #repeat(): void {
    const { medium, name, otherName } = this.#end;
    const silence = medium.faults.silence?.(name, otherName);
    if (silence === undefined) return;
    if (this.#stuckUntil <= medium.now()) this.#stuckSince = medium.now();
    this.#stuckUntil = Math.max(this.#stuckUntil, retransmittedAt(this.#stuckSince, silence));
  }

  #carryInOrder(bytes: Buffer, at: number): void {
    this.#lastArrival = at;
    this.#carry(bytes, at);
  }

  #carry(bytes: Buffer, at: number): void {
    const other = this.#other!;
    this.#kernelBytes += bytes.length;
    this.#latestArrival = Math.max(this.#latestArrival, at);
    this.#end.medium.deliver(other.#end.host, at, () => other.#arrive(bytes));
  }

  /** Once: nothing more comes from here. Unread bytes make a reset of it, which takes away what the other has not read. */
  #sayEnd(unnoticedMs: number): void {
    const other = this.#other;
    if (this.#hasSentEnd || other === undefined) return;
    this.#hasSentEnd = true;
    const { medium, name, otherName } = this.#end;
    const isReset = this.#unread.length > 0;
    const at = medium.safeArrivalOf(name, otherName, isReset ? 0 : this.#lastArrival) + unnoticedMs;
    medium.deliver(other.#end.host, at, () => (isReset ? other.failed(connectionReset()) : other.#hearEnd()));
  }

  #arrive(bytes: Buffer): void {
    if (this.#isDestroyed || this.#hasHeardEnd) return;
    this.#unread.push(bytes);
    if (!this.#isReadDue) this.#read();
  }

  #read(): void {
    this.#isReadDue = false;
    const { medium, host, name } = this.#end;
    while (this.#unread.length > 0 && !this.#isDestroyed) {
      if (this.#isPaused) return;
      medium.reads(name, this.#end.otherName, this.writableLength);
      const bytes = this.#unread[0]!;
      const { bytes: size, pauseMs } = medium.faults.reads?.(name, bytes.length) ?? { bytes: bytes.length, pauseMs: 0 };
      if (size < bytes.length) this.#unread[0] = bytes.subarray(size);
      else this.#unread.shift();
      this.#other!.#wasRead(Math.min(size, bytes.length));
      this.emit('data', size < bytes.length ? bytes.subarray(0, size) : bytes);
      if (this.#unread.length > 0 && pauseMs > 0) {
        this.#isReadDue = true;
        medium.deliver(host, medium.now() + pauseMs, () => this.#read());
        return;
      }
    }
    if (this.#hasHeardEnd && !this.#isPaused && !this.#isDestroyed) this.#ended();
  }

  /** The other side read: there is room for what waits, once the news of it has come. */
  #wasRead(bytes: number): void {
    this.#kernelBytes -= bytes;
    if (this.#waiting.length === 0 && !this.#needsDrain) return;
    const { medium, host, name, otherName } = this.#end;
    medium.deliver(host, medium.safeArrivalOf(otherName, name, 0), () => this.#pump());
  }

  #hearEnd(): void {
    if (this.#isDestroyed || this.#hasHeardEnd) return;
    this.#hasHeardEnd = true;
    if (this.#unread.length === 0 && !this.#isPaused) this.#ended();
  }

  /** As node:net does unless told otherwise, it ends too, when what was written has been sent. */
  #ended(): void {
    this.emit('end');
    this.end();
    if (this.#hasSentEnd && !this.#isDestroyed) this.#close();
  }

  #close(): void {
    this.#isDestroyed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#unread = [];
    this.gone();
    const { medium, host } = this.#end;
    medium.deliver(host, medium.now(), () => this.emit('close'));
  }
}

/** The frames of a batch; none when it holds something else. */
function framesOf(batch: Buffer): readonly Frame[] {
  const splitter = new FrameSplitter(Number.POSITIVE_INFINITY);
  const frames: Frame[] = [];
  splitter.push(batch);
  for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) frames.push(frame);
  return splitter.isMidFrame || splitter.fault !== undefined ? [] : frames;
}

const bytesOf = (frames: readonly Frame[]): Buffer =>
  Buffer.concat(frames.map(({ kind, callId, payload }) => encodeFrame(kind, callId, payload)));

/** As node:net tells of what the system refuses. */
export const systemError = (code: string, address: string, port: number): Error =>
  Object.assign(new Error(`${code} ${address}:${port}`), { code, address, port });

const connectionReset = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
