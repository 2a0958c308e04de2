import { type NodeId, RaftctlError, type Random, randomInt } from '../../base/index.js';
import type { ClusterClient } from '../../client/client.js';
import type { KeyEvent, Via } from '../../client/index.js';
import { type Answered, describe, describeAnswer, perform, type ScanRequest } from './calls.js';
import type { ClientChecker } from './client-checker.js';
import type { CommittedLog } from './committed-log.js';
import type { MemoryNetwork } from './memory-network.js';
import type { DrawnOptions } from './options.js';
import { startClient } from './sim-client.js';
import { expectSafe } from './violation.js';
import type { SimulatedProcess, VirtualTime } from './virtual-time.js';
import { sayTarget, WatchChecker, type WatchTarget } from './watch-checker.js';

export interface WatcherContext {
  readonly options: DrawnOptions;
  readonly time: VirtualTime;
  readonly network: MemoryNetwork;
  readonly random: Random;
  readonly log: CommittedLog;
  readonly checker: ClientChecker;
  /** The first revision that any node ever still had, at its latest: before it the past was certainly kept. */
  readonly oldestRevision: () => number;
  readonly say: (client: string, what: string) => void;
  readonly broken: (error: unknown) => void;
  /** Told of each step, so that the simulation lets it take the next one before time moves on. */
  readonly active: () => void;
}

/** Why a watch may end that nobody left (docs/client.md). */
const REASONS_TO_END = new Set(['revision-gone', 'unreachable', 'timeout', 'no-such-node']);

/**
 * Somebody who watches, as the docs say one should: from now on, from a past or coming revision, or from what a scan
 * showed; for a while, or as long as it lasts; and from a scan again where the past is gone.
 */
export class Watcher {
  readonly name: string;
  /** Events that were compared. */
  told = 0;
  readonly #context: WatcherContext;
  readonly #known: readonly NodeId[];
  readonly #process: SimulatedProcess;
  readonly #client: ClusterClient;
  readonly #followsLeader: boolean;
  #checking: WatchChecker | undefined;
  #mustScan = false;
  #isPatient = false;

  constructor(context: WatcherContext, name: string, ids: readonly NodeId[]) {
    const { random, options } = context;
    this.name = name;
    this.#context = context;
    this.#followsLeader = random.next() < 0.7;
    this.#known = this.#followsLeader || random.next() < 0.5 ? ids : [ids[randomInt(random, 0, ids.length - 1)]!];
    const timeoutMs = options.clientTimeoutMs * 2;
    const { process, client } = startClient(context, { name, known: this.#known, timeoutMs, sessions: false });
    this.#process = process;
    this.#client = client;
  }

  begin(): void {
    this.#run().catch(this.#context.broken);
  }

  /** From now on it leaves no watch by itself. */
  stay(): void {
    this.#isPatient = true;
  }

  /** It may ask every node, and none watches for it. */
  get isIdle(): boolean {
    return this.#followsLeader && this.#checking === undefined;
  }

  /** What it has not been told of, in words, though it may ask every node. */
  get missing(): string | undefined {
    if (!this.#followsLeader || this.#checking === undefined) return undefined;
    const missing = this.#checking.missing;
    // Some node has forgotten what it asks for: it may be waiting for one that is behind, and has not.
    if (this.#checking.asksFor < this.#context.oldestRevision()) return undefined;
    return missing && `${this.name} was not told of revision ${missing.revision}: ${missing.type} ${missing.key}`;
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#pause();
      const target = this.#target();
      const from = await this.#whereToBegin(target);
      if (from !== undefined) await this.#watch(target, from);
      this.#checking = undefined;
    }
  }

  /** `from` 0: from now on. */
  async #watch(target: WatchTarget, from: number): Promise<void> {
    const { say, log } = this.#context;
    const via = this.#via();
    const what = `watch ${sayTarget(target)}${from > 0 ? ` from ${from}` : ''}${via === undefined ? '' : ` via ${via}`}`;
    const watched = target.isPrefix ? { prefix: target.key } : target.key;
    const watch = this.#client.watch(watched, { ...(from > 0 && { from }), ...(via !== undefined && { via }) });
    let next = from;
    try {
      const { revision, node } = await watch.started;
      this.#context.active();
      say(this.name, `${what} -> begins with ${revision} on ${node}`);
      this.#checkStart(what, from, revision);
      this.#checking = new WatchChecker(log, target, revision);
      next = revision;
      for await (const event of watch) {
        this.#take(event, this.#checking);
        next = this.#checking.next;
        if (this.#isEnough()) break;
        if (this.#isBusy()) await this.#pause();
      }
      say(this.name, `${what} left at ${next}`);
    } catch (error) {
      if (!(error instanceof RaftctlError)) throw error;
      this.#checkEnd(what, next, error);
      say(this.name, `${what} -> ended before ${next} (${error.code}: ${error.message})`);
      this.#mustScan = error.code === 'revision-gone';
    }
  }

  #take(event: KeyEvent, checking: WatchChecker): void {
    this.#context.active();
    checking.told(event);
    this.told += 1;
    this.#context.say(this.name, `told ${event.type} ${event.key.toString('latin1')} revision ${event.modRevision}`);
  }

  #checkStart(what: string, from: number, revision: number): void {
    const { log } = this.#context;
    const asAsked = from > 0 ? revision === from : revision <= log.revision + 1;
    expectSafe(asAsked, 'a watch begins where it was asked to', () => {
      return `${what} begins with revision ${revision}; what is committed ends at ${log.revision}`;
    });
  }

  #checkEnd(what: string, next: number, { code, message }: RaftctlError): void {
    expectSafe(REASONS_TO_END.has(code), 'a watch ends for a good reason', () => `${what} ended: ${code}: ${message}`);
    if (code !== 'revision-gone') return;
    const oldest = this.#context.oldestRevision();
    expectSafe(next < oldest, 'the past is kept as long as it is said to be', () => {
      return `${what} ended before ${next}, as gone; no node ever had less than what begins with ${oldest}`;
    });
  }

  /** Undefined: nobody said. */
  async #whereToBegin(target: WatchTarget): Promise<number | undefined> {
    const { random, checker } = this.#context;
    const draw = random.next();
    if (this.#mustScan || this.#isPatient || draw < 0.3) return this.#scan(target);
    if (draw < 0.6) return 0;
    const distance = draw < 0.9 ? -randomInt(random, 0, 40) : randomInt(random, 1, 20);
    return Math.max(1, checker.floor + distance);
  }

  /** The way that the docs name: read the keys, then watch from behind that read. */
  async #scan({ key, isPrefix }: WatchTarget): Promise<number | undefined> {
    const { checker, options, say, active } = this.#context;
    const request: ScanRequest = { type: 'scan', prefix: key, after: '', limit: isPrefix ? 1_000 : 1, stale: false };
    const { floor } = checker;
    const answered: Answered = await perform(this.#client, request, {}, options.valueBytesMax);
    active();
    checker.ended(request, floor, answered);
    say(this.name, `${describe(request)} -> ${describeAnswer(request, answered)}`);
    if (answered.outcome !== 'ok') return undefined;
    this.#mustScan = false;
    return answered.revision! + 1;
  }

  #target(): WatchTarget {
    const { random, options } = this.#context;
    const draw = random.next();
    if (draw < 0.3) return { key: '', isPrefix: true };
    if (draw < 0.6) return { key: `k${randomInt(random, 1, 3)}`, isPrefix: true };
    return { key: `k${randomInt(random, 1, options.keys)}`, isPrefix: false };
  }

  #via(): Via | undefined {
    const { random } = this.#context;
    if (this.#followsLeader) return random.next() < 0.8 ? undefined : 'leader';
    const draw = random.next();
    if (draw < 0.3) return 'any';
    return draw < 0.6 ? 'follower' : this.#known[randomInt(random, 0, this.#known.length - 1)]!;
  }

  #isEnough(): boolean {
    return !this.#isPatient && this.#context.random.next() < 0.02;
  }

  #isBusy(): boolean {
    return !this.#isPatient && this.#context.random.next() < 0.03;
  }

  #pause(): Promise<void> {
    const { options, random, active } = this.#context;
    const ms = options.thinkMs * 4 * random.next();
    return new Promise((resolve) => {
      this.#process.after(ms, () => {
        active();
        resolve();
      });
    });
  }
}
