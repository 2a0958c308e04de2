import type { Clock, Scheduler, Timer } from '../../base/index.js';
import { type Event, EventQueue } from './event-queue.js';

interface ScheduledEvent extends Event {
  readonly process: SimulatedProcess;
  readonly isArrival: boolean;
}

/**
 * The time of a simulation. It jumps from one event to the next; events of one moment come in the order in which they
 * were scheduled. Every event belongs to a process: a dead one's never happen, a stopped one's wait.
 */
export class VirtualTime {
  /** Milliseconds since the simulation began. */
  now = 0;
  /** Events that have happened. */
  events = 0;
  readonly #queue = new EventQueue<ScheduledEvent>();
  #sequence = 0;

  schedule(at: number, process: SimulatedProcess, run: () => void, isArrival = false): ScheduledEvent {
    this.#sequence += 1;
    const event = { at: Math.max(at, this.now), sequence: this.#sequence, process, run, isArrival };
    this.#queue.push(event);
    return event;
  }

  /** An event that could not happen when it was due happens now, after all that was due before it. */
  reschedule(event: ScheduledEvent): void {
    this.#sequence += 1;
    event.at = this.now;
    event.sequence = this.#sequence;
    this.#queue.push(event);
  }

  /** Lets the next event happen, if there is one up to `until`; answers whose it was. */
  step(until: number): SimulatedProcess | undefined {
    for (;;) {
      const event = this.#queue.pop();
      if (event === undefined) break;
      if (event.at > until) {
        this.#queue.push(event);
        break;
      }
      const { process, run, isArrival } = event;
      if (run === undefined || !process.isAlive) continue;
      if (process.isStopped) {
        process.holdBack(event);
        continue;
      }
      this.now = event.at;
      this.events += 1;
      event.run = undefined;
      process.hasOnlyCollected = isArrival;
      process.runEvent(run);
      return process;
    }
    this.now = until;
    return undefined;
  }
}

/** How a process's clock runs: `rate` of its milliseconds pass in one of the simulation. */
export interface ProcessClock {
  readonly rate: number;
  readonly offsetMs: number;
  /** From deferring to running: what an event loop needs to get round. */
  readonly turnMs: number;
}

const GOOD_CLOCK: ProcessClock = { rate: 1, offsetMs: 0, turnMs: 0 };

/** One process of the simulated machine: its own clock and event loop. It can be stopped, resumed, and dies once. */
export class SimulatedProcess implements Clock, Scheduler {
  readonly name: string;
  /** The last event was something that arrived: by the rules of the transport, it was put aside for the next turn. */
  hasOnlyCollected = false;
  readonly #time: VirtualTime;
  readonly #clock: ProcessClock;
  #isAlive = true;
  #held: ScheduledEvent[] | undefined;
  #atEnd: (() => void)[] = [];

  constructor(name: string, time: VirtualTime, clock: ProcessClock = GOOD_CLOCK) {
    this.name = name;
    this.#time = time;
    this.#clock = clock;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isStopped(): boolean {
    return this.#held !== undefined;
  }

  now(): number {
    return this.#clock.offsetMs + this.#time.now * this.#clock.rate;
  }

  /** Every run has the same: 2001-09-09T01:46:40Z and what has passed. */
  wall(): number {
    return 1e12 + this.now();
  }

  defer(run: () => void): void {
    this.#time.schedule(this.#time.now + this.#clock.turnMs, this, run);
  }

  after(ms: number, run: () => void): Timer {
    const event = this.#time.schedule(this.#time.now + ms / this.#clock.rate, this, run);
    return {
      cancel: () => {
        event.run = undefined;
      },
    };
  }

  /** Something reaches the process from outside, at a time of the simulation. */
  arriveAt(at: number, run: () => void): void {
    this.#time.schedule(at, this, run, true);
  }

  /** Runs when the present event is over: the end of the turn of its event loop. */
  atEndOfTurn(run: () => void): void {
    this.#atEnd.push(run);
  }

  runEvent(run: () => void): void {
    run();
    this.endTurn();
  }

  /** Again once promises have run: they belong to the turn that made them ready. */
  endTurn(): void {
    while (this.#atEnd.length > 0) {
      const atEnd = this.#atEnd;
      this.#atEnd = [];
      for (const end of atEnd) end();
    }
  }

  holdBack(event: ScheduledEvent): void {
    this.#held?.push(event);
  }

  /** SIGSTOP: nothing happens in it. What is due or arrives meanwhile waits. */
  stop(): void {
    this.#held ??= [];
  }

  /** SIGCONT. */
  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) this.#time.reschedule(event);
  }

  end(): void {
    this.#isAlive = false;
    this.#held = undefined;
    this.#atEnd = [];
  }
}
