import {
  asError,
  type Clock,
  type NodeId,
  type RaftctlError,
  type Random,
  type Scheduler,
  seededRandom,
} from '../../base/index.js';
import {
  bringBack,
  drawFault,
  drawRound,
  drawVictims,
  type Fault,
  isImpairment,
  lasts,
  type MemberFault,
  mend,
  type PlannedFault,
  type Round,
  type Situation,
  strike,
} from '../faults/index.js';
import type { ChaosCluster } from './cluster.js';
import { awaitOneMembership } from './convergence.js';
import type { ChaosOptions } from './options.js';

/** A fault that was done, in milliseconds of the run's clock. */
export interface DoneFault {
  readonly fault: Fault;
  readonly beginMs: number;
  /** Null: still in force. One that does not last ends when it is done. */
  endMs: number | null;
  /** The round that it belongs to, from 0. */
  readonly round: number;
  readonly isOutage: boolean;
  /** Why it was never done: no leader to hand over, say. */
  refused: string | null;
  /** It was done, or may have been: why that was not confirmed, or why it could not be mended at its end. */
  trouble: string | null;
}

interface BreakerContext {
  readonly options: ChaosOptions;
  readonly cluster: ChaosCluster;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** When the run began. */
  readonly originMs: number;
  /** Aborted: nothing new breaks, what is in force is mended. */
  readonly signal: AbortSignal;
  readonly onBegin?: ((done: DoneFault) => void) | undefined;
}

/** A new member catches up, and one that leaves hands over; and either may have to begin again. */
const RESTORE_TRIES = 5;
/** For all to hear of a change. */
const AGREE_MS = 10_000;
/** A round needs a little time to be worth beginning. */
const LEAST_UNITS = 1.5;

/** Breaks the cluster, round by round, and mends it after each. */
export class Breaker {
  readonly done: DoneFault[] = [];
  /** What is wrong and will stay so, whatever is mended. */
  readonly lasting: string[] = [];
  readonly #context: BreakerContext;
  readonly #random: Random;
  readonly #size: number;
  readonly #mended = new Set<DoneFault>();
  #turn: Promise<unknown> = Promise.resolve();
  #round = 0;

  constructor(context: BreakerContext) {
    this.#context = context;
    this.#random = seededRandom(context.options.seed);
    this.#size = context.cluster.known().voters.length;
  }

  get inForce(): readonly Fault[] {
    return this.done.filter(isInForce).map(({ fault }) => fault);
  }

  /** Until the time is over, something is wrong that will stay so, or the signal says so. Rejects with what makes it impossible to go on. */
  async run(): Promise<void> {
    const { options, signal } = this.#context;
    const lastBeginMs = options.durationMs - LEAST_UNITS * options.unitMs;
    // Every run has one.
    do {
      const round = drawRound(this.#random, options.faults, options.unitMs);
      await this.#play(round);
      this.#round += 1;
      await this.#wait(Math.min(round.calmMs, options.durationMs - this.#now()));
    } while (!signal.aborted && this.#now() < lastBeginMs && this.lasting.length === 0);
  }

  async #play(round: Round): Promise<void> {
    const victims = drawVictims(seededRandom(round.seed), this.#situation(), round);
    const played = await Promise.allSettled(round.faults.map((planned) => this.#one(planned, round, victims)));
    const failed = played.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    if (failed !== undefined) throw failed.reason;
    // Before anything else is changed: the next change would cover up what somebody missed.
    await this.#agreement();
    if (await this.#restoreSize()) await this.#agreement();
  }

  async #one(planned: PlannedFault, { isOutage }: Round, victims: readonly NodeId[]): Promise<void> {
    await this.#wait(planned.beginMs);
    if (this.#context.signal.aborted) return;
    const situation = this.#situation();
    const still = victims.filter((node) => situation.voters.includes(node));
    // They have left meanwhile.
    if (still.length === 0) return;
    const random = seededRandom(planned.seed);
    const fault = drawFault(planned.kind, { random, situation, victims: still, isOutage, isHasty: planned.isHasty });
    const done = this.#begin(fault, isOutage);
    await this.#strike(done, () => this.#inTurn(fault, () => strike(this.#context.cluster, fault)));
    if (lasts(fault)) {
      await this.#wait(Math.min(planned.spanMs, this.#context.options.durationMs - this.#now()));
      await this.#mendOne(done, () => this.#inTurn(fault, () => this.#mend(done)));
      await this.#mendOne(done, () => bringBack(this.#context.cluster, fault));
    }
    done.endMs = this.#now();
  }

  /** From here on it is not in force: nobody does it again for having mended another. */
  async #mend(done: DoneFault): Promise<void> {
    this.#mended.add(done);
    const others = this.done.filter((other) => isInForce(other) && !this.#mended.has(other));
    await mend(
      this.#context.cluster,
      done.fault,
      others.map(({ fault }) => fault),
    );
  }

  /** Links and disks one after the other: to mend one is to heal all, and to do the others again. */
  #inTurn(fault: Fault, work: () => Promise<void>): Promise<void> {
    if (!isImpairment(fault)) return work();
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** What a cluster may refuse is written down. */
  async #strike(done: DoneFault, run: () => Promise<void>): Promise<void> {
    const before = this.#members();
    const error = await failureOf(run);
    if (error === null) return;
    const isDone = mayHaveStruck(done.fault, error) || this.#members() !== before;
    done[isDone ? 'trouble' : 'refused'] = firstLine(error);
  }

  /** Of what was never done there may be nothing to mend. */
  async #mendOne(done: DoneFault, run: () => Promise<void>): Promise<void> {
    const error = await failureOf(run);
    if (error !== null && done.refused === null) done.trouble ??= firstLine(error);
  }

  #members(): string {
    const { voters, learners } = this.#context.cluster.known();
    return [voters, learners].map((list) => [...list].sort().join(',')).join(' | ');
  }

  /** As many voters as there were, and nobody else: answers whether anything had to be changed back. */
  async #restoreSize(): Promise<boolean> {
    for (let tries = 0; tries < RESTORE_TRIES; tries += 1) {
      const change = this.#changeBack();
      if (change === null) return tries > 0;
      const done = this.#begin({ type: 'membership', change }, false);
      await this.#strike(done, () => this.#context.cluster.changeMembers(change));
      done.endMs = this.#now();
      // Another change may still be under way: it takes its time whoever is in a hurry.
      if (done.refused !== null || done.trouble !== null) await this.#pause(this.#context.options.unitMs);
    }
    const left = this.leftBehind();
    if (left !== null) this.lasting.push(`the membership could not be changed back in ${RESTORE_TRIES} tries: ${left}`);
    return true;
  }

  /** In what the membership is not as it was when the run began; null: in nothing. */
  leftBehind(): string | null {
    const { voters, learners } = this.#context.cluster.known();
    const said = [
      ...(voters.length === this.#size ? [] : [`${voters.length} voters, ${this.#size} when the run began`]),
      ...(learners.length === 0 ? [] : [`${learners.join(', ')} left as learner`]),
    ];
    return said.length === 0 ? null : said.join('; ');
  }

  /** Whoever was down has come back by now, and whoever was cut off has heard who belongs to the cluster; or never will. */
  async #agreement(): Promise<void> {
    const { cluster, clock, scheduler, signal } = this.#context;
    for (const { node, refusal } of await cluster.census())
      if (refusal !== undefined)
        this.lasting.push(`${node} refuses its data after round ${this.#round + 1}: ${refusal}`);
    if (this.lasting.length > 0) return;
    const isEnough = () => signal.aborted;
    const differs = await awaitOneMembership(cluster, { clock, scheduler, timeoutMs: AGREE_MS, isEnough });
    if (differs !== null && !signal.aborted)
      this.lasting.push(`memberships differ after round ${this.#round + 1}: ${differs}`);
  }

  #changeBack(): MemberFault | null {
    const { voters, learners, leader } = this.#context.cluster.known();
    // It was to vote, and had not come so far.
    const [learner] = learners;
    if (learner !== undefined) return { type: 'remove', node: learner };
    if (voters.length === this.#size) return null;
    if (voters.length < this.#size) return { type: 'add' };
    return { type: 'remove', node: voters.find((voter) => voter !== leader) ?? voters[0]! };
  }

  #begin(fault: Fault, isOutage: boolean): DoneFault {
    const beginMs = this.#now();
    const done: DoneFault = { fault, beginMs, endMs: null, round: this.#round, isOutage, refused: null, trouble: null };
    this.done.push(done);
    this.#context.onBegin?.(done);
    return done;
  }

  #situation(): Situation {
    const { cluster, options } = this.#context;
    return { ...cluster.known(), size: this.#size, unitMs: options.unitMs };
  }

  #now(): number {
    return this.#context.clock.now() - this.#context.originMs;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#context.scheduler.after(ms, resolve));
  }

  /** Or until the signal says so. */
  #wait(ms: number): Promise<void> {
    const { scheduler, signal } = this.#context;
    if (ms <= 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = scheduler.after(ms, () => end());
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      signal.addEventListener('abort', end);
    });
  }
}

const isInForce = ({ endMs, refused }: DoneFault): boolean => endMs === null && refused === null;

/** Why it failed; null: it did not. That there is no cluster any more ends the run. */
async function failureOf(run: () => Promise<void>): Promise<RaftctlError | null> {
  try {
    await run();
    return null;
  } catch (thrown) {
    const error = asError(thrown);
    if (endsRun(error)) throw error;
    return error;
  }
}

/** It is not certain that nothing was done; or of several nodes only one may have refused. */
const mayHaveStruck = (fault: Fault, { definite }: RaftctlError): boolean =>
  !definite || ((fault.type === 'kill' || fault.type === 'pause') && fault.nodes.length > 1);

const firstLine = ({ message }: RaftctlError): string => message.split('\n', 1)[0]!;

/** The supervisor is gone, or on its way. */
const endsRun = ({ code }: RaftctlError): boolean =>
  code === 'closed' || code === 'shutting-down' || code === 'internal';
