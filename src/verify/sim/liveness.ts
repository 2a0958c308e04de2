import { hasQuorum, isJoint, type Membership, type Random, randomInt } from '../../base/index.js';
import { perform, type Request } from './calls.js';
import type { ClientChecker } from './client-checker.js';
import type { MemoryNetwork } from './memory-network.js';
import type { DrawnOptions } from './options.js';
import { startClient } from './sim-client.js';
import type { SimNode } from './sim-node.js';
import { newestOf } from './upgrades.js';
import { Violation } from './violation.js';
import type { VirtualTime } from './virtual-time.js';
import type { Watcher } from './watcher.js';
import type { Weather } from './weather.js';

interface LivenessContext {
  readonly options: DrawnOptions;
  readonly nodes: readonly SimNode[];
  readonly time: VirtualTime;
  readonly network: MemoryNetwork;
  readonly weather: Weather;
  readonly random: Random;
  readonly checker: ClientChecker;
  readonly say: (what: string) => void;
  readonly broken: (error: unknown) => void;
  /** Who watches, and goes on doing so. */
  readonly watchers: readonly Watcher[];
  /** Entries that a core member may have to get and apply. */
  readonly lastIndex: () => number;
  /** As it is committed by now. */
  readonly membership: () => Membership;
}

const PROBE = 'probe';

/**
 * Liveness, a mode of its own, because a fault that heals hides a cluster that would never have recovered by itself: a
 * random quorum is healed for good, every other fault is made permanent, and the quorum has to get on with it.
 */
export class Liveness {
  readonly #core: readonly SimNode[];
  readonly #context: LivenessContext;
  readonly #from: number;
  #answered = 0;
  #asked = 0;
  #last = 'nothing';
  /** Members that are cut off, or down, are nobody whose version a leader could hear. */
  #allAreHeard = true;

  constructor(context: LivenessContext) {
    const { nodes, random, weather, say, time, watchers } = context;
    this.#context = context;
    this.#from = time.now;
    this.#core = coreOf(nodes, context.membership(), random);
    if (this.#core.length === 0) return;
    say(`heal ${this.#core.map(({ id }) => id).join(',')} for good`);
    weather.shelter([...nodes.map(({ id }) => id), PROBE, ...watchers.map(({ name }) => name)]);
    for (const watcher of watchers) watcher.stay();
    for (const node of this.#core) node.shelter();
    for (const node of nodes) if (!this.#core.includes(node)) this.#breakForGood(node);
    this.#probe();
  }

  /** Lets time pass until the core gets on, and then until it has kept its leader. Throws what does not come about. */
  async run(runUntil: (until: number) => Promise<void>): Promise<void> {
    const { say, time, options } = this.#context;
    if (this.#core.length === 0) {
      say('no quorum can be healed');
      return;
    }
    while (!this.#isReached) {
      if (time.now >= this.#deadline) {
        const core = this.#core.map(({ id }) => id).join(',');
        const detail = `${core}: ${this.#missing() ?? 'somebody finds no node to watch at'}`;
        throw new Violation('liveness', 'a healed quorum makes progress', detail);
      }
      await runUntil(time.now + options.heartbeatMs);
    }
    say('the healed quorum agrees');
    const leadership = this.#leadership;
    await runUntil(time.now + this.#stableMs);
    // The log's time may just be moving on.
    for (let tries = 20; tries > 0 && this.#missing() !== undefined; tries -= 1) {
      await runUntil(time.now + options.heartbeatMs);
    }
    if (this.#leadership === leadership && this.#missing() === undefined) return;
    const detail = `it followed ${leadership}, then ${this.#leadership}: ${this.#missing() ?? 'they agree'}`;
    throw new Violation('liveness', 'a healed quorum keeps its leader', detail);
  }

  /** From which time on it is too late: elections, and every entry to be sent and applied one by one. */
  get #deadline(): number {
    const { electionTimeoutMs, turnMs, heartbeatMs } = this.#context.options;
    return (
      this.#from + 20 * electionTimeoutMs[1] + 10 * heartbeatMs + 3_000 + this.#context.lastIndex() * (2 + 4 * turnMs)
    );
  }

  /** How long the core must keep its leader once it has one: nobody outside may depose it again and again. */
  get #stableMs(): number {
    return 6 * this.#context.options.electionTimeoutMs[1];
  }

  /** Whom the core follows, and in which term. */
  get #leadership(): string {
    const status = this.#members[0]?.server?.status();
    return `${status?.leader} in term ${status?.term}`;
  }

  /** Everybody has answered, and the core agrees on everything. */
  get #isReached(): boolean {
    if (this.#context.watchers.some(({ isIdle }) => isIdle)) return false;
    return this.#asked > 0 && this.#answered === this.#asked && this.#missing() === undefined;
  }

  /** Of the core, those that are members by what is committed: a change that was under way may be over, or taken back. */
  get #members(): readonly SimNode[] {
    const membership = this.#context.membership();
    return this.#core.filter((node) => isMember(membership, node));
  }

  /** What has not come about, in words. */
  #missing(): string | undefined {
    const members = this.#members;
    const statuses = members.map(({ server }) => server?.status());
    const down = members.find((_, nth) => statuses[nth] === undefined);
    if (down !== undefined) return `${down.id} is ${down.state}`;
    const [first] = statuses;
    if (this.#answered < this.#asked) return `no success yet (${this.#answered} of ${this.#asked}): ${this.#last}`;
    for (const status of statuses) {
      const { node, leader, term, lastIndex, commitIndex, appliedIndex } = status!;
      if (leader === null) return `${node} knows no leader in term ${term}`;
      if (leader !== first!.leader || term !== first!.term)
        return `${node} and ${first!.node} follow different leaders`;
      if (lastIndex !== commitIndex || commitIndex !== appliedIndex || lastIndex !== first!.lastIndex) {
        return `${node} has ${lastIndex}, committed ${commitIndex}, applied ${appliedIndex}; ${first!.node} has ${first!.lastIndex}`;
      }
    }
    if (isJoint(this.#context.membership())) return 'the membership is still joint';
    const newest = newestOf(this.#context.options).version;
    const old = statuses.find((status) => status!.clusterVersion < newest);
    if (this.#allAreHeard && old !== undefined) return `${old.node} is at cluster version ${old.clusterVersion}`;
    for (const { missing } of this.#context.watchers) if (missing !== undefined) return missing;
    return undefined;
  }

  /**
   * Each is broken in a way of its own, for ever. Cut off means: from the whole core. A node that reaches a quorum, but
   * not all of the core, may lead for ever, and whoever it does not reach stays behind: Raft relays nothing.
   */
  #breakForGood(node: SimNode): void {
    const { random, weather, say } = this.#context;
    const core = new Set<string>(this.#core.map(({ id }) => id));
    const ways = ['dead', 'stopped', 'cut off', 'deaf', 'mute', 'slow'] as const;
    const way = canRun(node) ? ways[randomInt(random, 0, ways.length - 1)]! : 'dead';
    say(`leave ${node.id} ${way} for good`);
    if (way !== 'slow') this.#allAreHeard = false;
    // What it has of other troubles would only end later.
    if (way === 'dead') node.end('kill', 'for good');
    else node.shelter();
    if (way === 'stopped') node.process.stop();
    if (way === 'slow') node.slowDownForGood();
    const deaf = way === 'deaf' || way === 'cut off';
    const mute = way === 'mute' || way === 'cut off';
    const cuts = (from: string, to: string): boolean =>
      (deaf && to === node.id && core.has(from)) || (mute && from === node.id && core.has(to));
    if (deaf || mute) weather.add({ cuts });
  }

  /** Through every member of the core, one after the other: a fresh write, then a read that sees it. */
  #probe(): void {
    const { options, checker, broken } = this.#context;
    const known = this.#core.map(({ id }) => id);
    const timeoutMs = 2 * options.electionTimeoutMs[1];
    const { process: own, client } = startClient(this.#context, {
      name: PROBE,
      known,
      timeoutMs,
      sessions: options.sessions,
    });
    this.#asked = 2 * this.#core.length;
    let tries = 0;
    const ask = (): void => {
      if (this.#answered === this.#asked) return;
      tries += 1;
      const node = this.#core[this.#answered >> 1]!;
      if (!this.#members.includes(node)) {
        this.#answered += 2 - (this.#answered % 2);
        own.after(1, ask);
        return;
      }
      const via = node.id;
      const isWrite = this.#answered % 2 === 0;
      // A value of its own each time: an attempt that failed may have happened.
      const request: Request = isWrite
        ? { type: 'put', key: PROBE, value: `p${tries}` }
        : { type: 'get', key: PROBE, stale: false };
      const { floor } = checker;
      perform(client, request, { via }, 8)
        .then((answered) => {
          checker.ended(request, floor, answered);
          if (answered.outcome === 'ok') this.#answered += 1;
          this.#last = `${request.type} through ${via} ${answered.error?.message ?? 'succeeded'}`;
          own.after(1, ask);
        })
        .catch(broken);
    };
    own.defer(ask);
  }
}

/**
 * A log with a flipped bit in it keeps its node out, unless it was found to be harmless; an old copy does for ever, and
 * so does that it was removed.
 */
const canRun = ({ damage, wasFlipped, hasOldCopy, isRemoved, state }: SimNode): boolean =>
  damage === undefined && !hasOldCopy && !isRemoved && (!wasFlipped || state === 'up');

/**
 * As few as decide, by what is committed and by whatever else some node goes by: any of it may still be decided on. None:
 * too many cannot run.
 */
function coreOf(nodes: readonly SimNode[], committed: Membership, random: Random): readonly SimNode[] {
  const able = nodes.filter(canRun);
  const order = able.map((node) => ({ node, draw: random.next() })).sort((a, b) => a.draw - b.draw);
  // An old copy goes by what was: whoever meets it will not go by that.
  const current = nodes.filter(({ hasOldCopy }) => !hasOldCopy);
  const memberships = [committed, ...current.flatMap(({ membership }) => membership ?? [])];
  const core: SimNode[] = [];
  const decides = (): boolean =>
    memberships.every((membership) =>
      hasQuorum(membership, (voter) => core.some((node) => node.id === voter && isMember(membership, node))),
    );
  for (const { node } of order) {
    if (decides()) return core;
    if (memberships.some((membership) => isMember(membership, node))) core.push(node);
  }
  return decides() ? core : [];
}

const isMember = ({ members }: Membership, { id, incarnation }: SimNode): boolean =>
  members.some((member) => member.id === id && member.incarnation === incarnation);
