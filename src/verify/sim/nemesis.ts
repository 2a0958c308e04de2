import { type NodeId, type Random, randomInt } from '../../base/index.js';
import { KIND } from '../../wire/index.js';
import type { MemoryNetwork } from './memory-network.js';
import type { DrawnOptions, Fault } from './options.js';
import { Reconfiguration } from './reconfiguration.js';
import type { Ending, SimNode } from './sim-node.js';
import type { SimulatedProcess } from './virtual-time.js';
import type { Cut, Weather } from './weather.js';

interface NemesisContext {
  readonly options: DrawnOptions;
  readonly nodes: readonly SimNode[];
  /** Names of the clients' processes. */
  readonly clients: readonly string[];
  readonly world: SimulatedProcess;
  readonly network: MemoryNetwork;
  readonly weather: Weather;
  readonly random: Random;
  readonly say: (what: string) => void;
  /** That member's promises are worth nothing from now on. */
  readonly forgets: (node: SimNode) => void;
}

/** Frames that say something is durable, or is about to be. */
const PROMISES = [
  KIND.requestVote,
  KIND.requestVoteResponse,
  KIND.appendEntries,
  KIND.appendEntriesResponse,
  KIND.forwardReply,
  KIND.okWrite,
];

/** Messages between nodes that may be lost without those beside them. */
const SIEVED = [
  ['request-vote', KIND.requestVote],
  ['request-vote-response', KIND.requestVoteResponse],
  ['append-entries', KIND.appendEntries],
  ['append-entries-response', KIND.appendEntriesResponse],
  ['heartbeat', KIND.heartbeat],
  ['heartbeat-response', KIND.heartbeatResponse],
  ['read-index', KIND.readIndex],
  ['read-index-response', KIND.readIndexResponse],
  ['timeout-now', KIND.timeoutNow],
  ['forward-reply', KIND.forwardReply],
] as const;

/** A young connection's; and that of one that has lost much. */
const SILENT_RTO_MS = [200, 2_000, 60_000];

/** The share of a run that a change of the membership may take until it is in the log. */
const CHANGES_LAST = 0.1;

/** Loss, copies, overtaking and drift happen all the time, in the weather or in a clock: nobody has to start them. */
type StrikingFault = Exclude<Fault, 'loss' | 'duplication' | 'reordering' | 'drift'>;

/** Breaks things, one after the other and in any overlap, as the seed says; and mends them again. */
export class Nemesis {
  readonly counts: Partial<Record<Fault, number>> = {};
  readonly #context: NemesisContext;
  readonly #reconfiguration: Reconfiguration;
  readonly #faults: readonly StrikingFault[];
  /** How often each node is still to crash while it recovers. */
  readonly #crashesToCome = new Map<SimNode, number>();
  #isOver = false;
  readonly #strikes: Readonly<Record<StrikingFault, () => void>> = {
    partition: () => this.#cut('partition', this.#partition()),
    isolation: () => this.#isolate(),
    'one-way': () => this.#cut('one-way', this.#oneWay()),
    clog: () => this.#swizzle(),
    sieve: () => this.#sift(),
    reset: () => this.#reset(false),
    suspicion: () => this.#reset(true),
    crash: () => this.#crash('kill'),
    'power-cut': () => this.#crash('power-cut'),
    'crash-all': () => this.#crashAll(),
    'crash-again': () => this.#crashAgain(),
    pause: () => this.#pause(),
    'slow-disk': () => this.#slowDisk(),
    'failing-sync': () => this.#failSync(),
    'failing-flush': () => this.#failFlush(),
    'held-flush': () => this.#holdFlush(),
    'full-disk': () => this.#fillDisk(),
    'bit-flip': () => this.#flipBit(),
    'slow-reader': () => this.#slowReader(),
    silence: () => this.#silence(),
    transfer: () => this.#transfer(),
    leave: () => this.#leave(),
    'old-copy': () => this.#oldCopy(),
    reconfiguration: () => this.#reconfigure(),
  };

  constructor(context: NemesisContext) {
    this.#context = context;
    const { nodes, random, say, options } = context;
    this.#reconfiguration = new Reconfiguration({ nodes, random, say, timeoutMs: options.durationMs * CHANGES_LAST });
    this.#faults = context.options.faults.filter((fault): fault is StrikingFault =>
      Object.hasOwn(this.#strikes, fault),
    );
  }

  begin(): void {
    if (this.#faults.length > 0) this.#wait();
  }

  /** Nothing new breaks, and nothing is mended any more. */
  end(): void {
    this.#isOver = true;
    // What is under way now may never come to its end: a leader has to go on without it.
    if (this.#faults.includes('transfer')) this.#strike('transfer');
  }

  /** A process ended: it comes back, unless it cannot or all is over. */
  restartLater(node: SimNode): void {
    this.#context.world.after(this.#span(), () => {
      if (!node.isDown || node.damage !== undefined || node.isRemoved || this.#isOver) return;
      node.start();
      const crashes = this.#crashesToCome.get(node) ?? 0;
      if (crashes === 0) return;
      this.#crashesToCome.set(node, crashes - 1);
      const { random } = this.#context;
      // In the midst of its recovery, or in its first moments after it.
      node.endAfterEffects(randomInt(random, 0, random.next() < 0.5 ? 15 : 120), this.#anyEnding());
    });
  }

  #wait(): void {
    const { world, random, options } = this.#context;
    world.after(options.faultEveryMs * 2 * random.next(), () => {
      if (this.#isOver) return;
      this.#strike(this.#faults[randomInt(random, 0, this.#faults.length - 1)]!);
      this.#wait();
    });
  }

  #strike(fault: StrikingFault): void {
    this.counts[fault] = (this.counts[fault] ?? 0) + 1;
    this.#strikes[fault]();
  }

  /** How long something lasts: from a few messages to several elections. */
  #span(): number {
    const { options, random } = this.#context;
    return options.electionTimeoutMs[1] * 4 * random.next() ** 3 + 1;
  }

  #later(what: string, mend: () => void, ms = this.#span()): void {
    this.#context.world.after(ms, () => {
      if (this.#isOver) return;
      this.#context.say(`end ${what}`);
      mend();
    });
  }

  #anyNode(): SimNode {
    const { nodes, random } = this.#context;
    // Leaders break the most interesting way.
    const leader = this.#leader();
    if (leader !== undefined && random.next() < 0.5) return leader;
    return nodes[randomInt(random, 0, nodes.length - 1)]!;
  }

  #leader(): SimNode | undefined {
    return this.#context.nodes.find(({ server }) => server?.status().role === 'leader');
  }

  #cut(what: string, { cut, text }: { readonly cut: Cut; readonly text: string }): void {
    const { weather, say } = this.#context;
    say(`begin ${what} ${text}`);
    weather.add(cut);
    this.#later(`${what} ${text}`, () => weather.remove(cut));
  }

  /** The leader alone, until the others have another and beyond; its clients still reach it, and may believe it. */
  #isolate(): void {
    const { nodes, weather, say, options, random } = this.#context;
    const { id } = this.#leader() ?? this.#anyNode();
    const isNode = new Set<string>(nodes.map((node) => node.id));
    const cuts = (from: string, to: string): boolean =>
      (from === id && isNode.has(to)) || (to === id && isNode.has(from));
    const cut = { cuts };
    say(`begin isolation ${id}`);
    weather.add(cut);
    const ms = options.electionTimeoutMs[1] * (0.5 + 2 * random.next());
    this.#later(`isolation ${id}`, () => weather.remove(cut), ms);
  }

  #partition(): { readonly cut: Cut; readonly text: string } {
    const { nodes, random } = this.#context;
    if (random.next() < 0.4) return this.#someLinks();
    const here = random.next() < 0.4 ? [this.#anyNode().id] : this.#someNodes();
    const ids = new Set<string>(here);
    const sides = nodes.map(({ id }) => id as string);
    const isNode = new Set<string>(sides);
    const cuts = (from: string, to: string): boolean =>
      isNode.has(from) && isNode.has(to) && ids.has(from) !== ids.has(to);
    return { cut: { cuts }, text: `${here.join(',')} | ${sides.filter((id) => !ids.has(id)).join(',')}` };
  }

  /** Some pairs do not reach each other, others do: no two nodes need to see the same cluster. */
  #someLinks(): { readonly cut: Cut; readonly text: string } {
    const { nodes, random } = this.#context;
    const pairs = new Set<string>();
    for (const { id } of nodes) {
      for (const { id: other } of nodes) {
        if (id < other && random.next() < 0.4) pairs.add(`${id} ${other}`).add(`${other} ${id}`);
      }
    }
    const text = [...pairs].filter((_, nth) => nth % 2 === 0).join('; ');
    return { cut: { cuts: (from, to) => pairs.has(`${from} ${to}`) }, text };
  }

  #oneWay(): { readonly cut: Cut; readonly text: string } {
    const { random } = this.#context;
    const { id } = this.#anyNode();
    const others = new Set<string>(this.#someNodes().filter((other) => other !== id));
    const outward = random.next() < 0.5;
    const cuts = (from: string, to: string): boolean =>
      outward ? from === id && others.has(to) : to === id && others.has(from);
    return { cut: { cuts }, text: `${id} ${outward ? 'to' : 'from'} ${[...others].join(',')}` };
  }

  #someNodes(): NodeId[] {
    const { nodes, random } = this.#context;
    const chance = 0.2 + 0.6 * random.next();
    return nodes.filter(() => random.next() < chance).map(({ id }) => id);
  }

  /** Everything gets through but messages of one kind: what they were for has to come about without them, or wait. */
  #sift(): void {
    const { weather, random, say, nodes } = this.#context;
    const { id } = this.#anyNode();
    const isNode = new Set<string>(nodes.map((node) => node.id));
    const outward = random.next() < 0.5;
    const [name, kind] = SIEVED[randomInt(random, 0, SIEVED.length - 1)]!;
    const cuts = (from: string, to: string): boolean =>
      outward ? from === id && isNode.has(to) : to === id && isNode.has(from);
    const sieve = { kind, cuts };
    const text = `sieve ${id} ${outward ? 'sends' : 'gets'} no ${name}`;
    say(`begin ${text}`);
    weather.sift(sieve);
    this.#later(text, () => weather.siftNoMore(sieve));
  }

  /** Swizzle-clogging: some nodes' links stop one after the other, and go on in another order. Nothing is lost. */
  #swizzle(): void {
    const { world, weather, random, say } = this.#context;
    const ids = this.#someNodes();
    const order = ids.map((id) => ({ id, draw: random.next() })).sort((a, b) => a.draw - b.draw);
    const spanMs = this.#span();
    for (const [nth, { id }] of order.entries()) {
      const beginMs = (spanMs * ids.indexOf(id)) / ids.length;
      world.after(beginMs, () => {
        if (this.#isOver) return;
        const lastsMs = spanMs - beginMs + (spanMs * (nth + 1)) / ids.length;
        const clog = { until: world.now() + lastsMs, cuts: (from: string, to: string) => from === id || to === id };
        say(`begin clog ${id}`);
        weather.clog(clog);
        this.#later(`clog ${id}`, () => weather.unclog(clog), lastsMs);
      });
    }
  }

  /** Connections break. With suspicion, re-dials are refused, both ways, as if the process were gone, which it is not. */
  #reset(refused: boolean): void {
    const { network, weather, random, say } = this.#context;
    const { id } = this.#anyNode();
    const others = new Set<string>(this.#someNodes().filter((other) => other !== id));
    if (!refused) for (const client of this.#context.clients) if (random.next() < 0.5) others.add(client);
    say(`${refused ? 'suspicion' : 'reset'} ${id} by ${[...others].join(',')}`);
    for (const other of others) network.reset(id, other);
    if (!refused) return;
    const cuts = (from: string, to: string) => (to === id && others.has(from)) || (from === id && others.has(to));
    const cut = { cuts };
    weather.refuse(cut);
    this.#later(`suspicion ${id}`, () => weather.refuseNoMore(cut));
  }

  #crash(ending: Ending): void {
    const { random, say } = this.#context;
    const node = this.#anyNode();
    if (node.isDown) return;
    const draw = random.next();
    if (draw < 0.2) node.end(ending, 'at rest');
    else if (draw < 0.5) node.endAfterSending(PROMISES[randomInt(random, 0, PROMISES.length - 1)]!, ending);
    else if (ending === 'kill' && random.next() < 0.2) {
      say(`stop ${node.id}`);
      node.stop();
    } else node.endAfterEffects(randomInt(random, 0, 12), ending);
  }

  /** And then again, once or more, in the midst of its recovery. */
  #crashAgain(): void {
    const { random } = this.#context;
    const node = this.#anyNode();
    this.#crashesToCome.set(node, randomInt(random, 1, 3));
    if (!node.isDown) node.end(this.#anyEnding(), 'and will again');
  }

  #anyEnding(): Ending {
    return this.#context.random.next() < 0.5 ? 'kill' : 'power-cut';
  }

  #crashAll(): void {
    const ending = this.#anyEnding();
    for (const node of this.#context.nodes) if (!node.isDown) node.end(ending, 'with all others');
  }

  #pause(): void {
    const { say } = this.#context;
    const node = this.#anyNode();
    if (node.isDown || node.process.isStopped) return;
    const { process } = node;
    say(`pause ${node.id}`);
    process.stop();
    this.#later(`pause ${node.id}`, () => process.resume());
  }

  /** What others send to it piles up, in the kernels and then with them. */
  #slowReader(): void {
    const { say, random, weather, clients } = this.#context;
    const reader = random.next() < 0.5 ? this.#anyNode().id : clients[randomInt(random, 0, clients.length - 1)]!;
    say(`begin slow-reader ${reader}`);
    weather.slowDown(reader);
    this.#later(`slow-reader ${reader}`, () => weather.speedUp(reader));
  }

  /**
   * The cable of a node is pulled. Connections stay, and TCP goes on repeating; where it lost much before, it will not
   * for a minute after the network is back.
   */
  #silence(): void {
    const { nodes, weather, random, say, options } = this.#context;
    const { id } = this.#anyNode();
    const isNode = new Set<string>(nodes.map((node) => node.id));
    const ms = options.electionTimeoutMs[1] * (0.1 + 4 * random.next() ** 2);
    const rtoMs = SILENT_RTO_MS[randomInt(random, 0, SILENT_RTO_MS.length - 1)]!;
    say(`silence ${id} for ${Math.round(ms)} ms, repeated after ${rtoMs} ms`);
    weather.silenceBetween({
      rtoMs,
      until: this.#context.world.now() + ms,
      cuts: (from, to) => isNode.has(from) && isNode.has(to) && (from === id || to === id),
    });
  }

  /** Whoever takes itself for the leader is to hand over: to anybody, itself and the dead included. */
  #transfer(): void {
    const { nodes, random, say } = this.#context;
    const node = this.#leader() ?? this.#anyNode();
    if (node.server === undefined || !node.process.isAlive) return;
    const to = random.next() < 0.3 ? null : nodes[randomInt(random, 0, nodes.length - 1)]!.id;
    say(`transfer ${node.id} to ${to ?? 'anybody'}`);
    void node.server.submit({ type: 'transfer', to, timeoutMs: 1_000 });
  }

  /** None begins so late that it could be decided on after the end, when a quorum is chosen for good. */
  #reconfigure(): void {
    const { world, options } = this.#context;
    if (world.now() < options.durationMs * (1 - 2 * CHANGES_LAST)) this.#reconfiguration.strike(this.#leader());
  }

  /** SIGTERM. A leader hands over, whoever it is cut off from. */
  #leave(): void {
    const node = this.#anyNode();
    if (node.state !== 'up' || node.process.isStopped) return;
    this.#context.say(`leave ${node.id}`);
    node.stop();
  }

  #slowDisk(): void {
    const { say, random } = this.#context;
    const node = this.#anyNode();
    say(`begin slow-disk ${node.id}`);
    node.diskSlowness = 1 + 30 * random.next();
    this.#later(`slow-disk ${node.id}`, () => {
      node.diskSlowness = 1;
    });
  }

  #failSync(): void {
    const node = this.#anyNode();
    this.#context.say(`failing-sync ${node.id}`);
    node.syncFails = true;
  }

  #failFlush(): void {
    const node = this.#anyNode();
    this.#context.say(`failing-flush ${node.id}`);
    node.failFlushes();
  }

  #holdFlush(): void {
    const node = this.#anyNode();
    this.#context.say(`begin held-flush ${node.id}`);
    node.holdFlushes();
    this.#later(`held-flush ${node.id}`, () => node.releaseFlushes());
  }

  #fillDisk(): void {
    const { random, say } = this.#context;
    const node = this.#anyNode();
    const used = [...node.disk.image().values()].reduce((sum, { length }) => sum + length, 0);
    node.disk.capacityBytes = used + randomInt(random, 0, 4_096);
    say(`begin full-disk ${node.id}`);
    this.#later(`full-disk ${node.id}`, () => {
      node.disk.capacityBytes = Number.POSITIVE_INFINITY;
    });
  }

  /** On one node only, while it is down: Raft tolerates one member whose disk lies, if that member notices. */
  #flipBit(): void {
    const { nodes, random, say } = this.#context;
    const victim = nodes.at(-1)!;
    if (nodes.length < 3 || victim.damage !== undefined || victim.hasOldCopy) return;
    if (!victim.isDown) victim.end('kill', 'before a bit flips');
    const files = [...victim.disk.image()].filter(([path, { length }]) => path.includes('/wal/') && length > 0);
    if (files.length === 0) return;
    const [path, bytes] = files[randomInt(random, 0, files.length - 1)]!;
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    const offset = randomInt(random, 0, Math.max(0, Math.min(bytes.length - 1, end)));
    const bit = randomInt(random, 0, 7);
    say(`bit-flip ${victim.id} ${path} offset ${offset} bit ${bit}`);
    victim.wasFlipped = true;
    victim.disk.flipBit(path, offset, bit);
  }

  /**
   * A copy of the directory, and later, when it has run since, the copy in its place. Of one member only: Raft tolerates
   * one that forgets, if it is noticed. What nobody else has met cannot be noticed, so all have met it.
   */
  #oldCopy(): void {
    const { nodes, random, say } = this.#context;
    const victim = nodes.at(-1)!;
    if (victim.hasOldCopy || victim.wasFlipped || victim.damage !== undefined) return;
    if (!victim.hasCopyOlderThan(nodes.slice(0, -1))) {
      if (random.next() < 0.5 && victim.copyDirectory()) say(`copy of the directory of ${victim.id}`);
      // So that there is a later start.
      if (!victim.isDown) victim.end(this.#anyEnding(), 'after its directory was copied');
      return;
    }
    if (!victim.isDown) victim.end('kill', 'before an old copy is put back');
    say(`old copy of the directory of ${victim.id} put back`);
    victim.putCopyBack();
    this.#context.forgets(victim);
  }
}
