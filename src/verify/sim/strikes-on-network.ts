import { randomInt } from '../../base/index.js';
import { KIND } from '../../wire/index.js';
import { drawPairs } from '../faults/index.js';
import type { StrikeMeans } from './strike-means.js';
import type { Cut } from './weather.js';

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
  ['snapshot-begin', KIND.snapshotBegin],
  ['snapshot-part', KIND.snapshotPart],
  ['snapshot-end', KIND.snapshotEnd],
  ['snapshot-received', KIND.snapshotReceived],
  ['snapshot-installed', KIND.snapshotInstalled],
] as const;

/** A young connection's; and that of one that has lost much. */
const SILENT_RTO_MS = [200, 2_000, 60_000];

/** Faults of what lies between the processes: cuts, clogs, sieves, resets, cables, and whoever does not read. */
export class StrikesOnNetwork {
  readonly #means: StrikeMeans;

  constructor(means: StrikeMeans) {
    this.#means = means;
  }

  partition(): void {
    this.#cut('partition', this.#sides());
  }

  oneWay(): void {
    this.#cut('one-way', this.#oneDirection());
  }
  #cut(what: string, { cut, text }: { readonly cut: Cut; readonly text: string }): void {
    const { weather, say } = this.#means.context;
    say(`begin ${what} ${text}`);
    weather.add(cut);
    this.#means.later(`${what} ${text}`, () => weather.remove(cut));
  }

  /** The leader alone, until the others have another and beyond; its clients still reach it, and may believe it. */
  isolate(): void {
    const { nodes, weather, say, options, random } = this.#means.context;
    const { id } = this.#means.leader() ?? this.#means.anyNode();
    const isNode = new Set<string>(nodes.map((node) => node.id));
    const cuts = (from: string, to: string): boolean =>
      (from === id && isNode.has(to)) || (to === id && isNode.has(from));
    const cut = { cuts };
    say(`begin isolation ${id}`);
    weather.add(cut);
    const ms = options.electionTimeoutMs[1] * (0.5 + 2 * random.next());
    this.#means.later(`isolation ${id}`, () => weather.remove(cut), ms);
  }

  #sides(): { readonly cut: Cut; readonly text: string } {
    const { nodes, random } = this.#means.context;
    if (random.next() < 0.4) return this.#someLinks();
    const here = random.next() < 0.4 ? [this.#means.anyNode().id] : this.#means.someNodes();
    const ids = new Set<string>(here);
    const sides = nodes.map(({ id }) => id as string);
    const isNode = new Set<string>(sides);
    const cuts = (from: string, to: string): boolean =>
      isNode.has(from) && isNode.has(to) && ids.has(from) !== ids.has(to);
    return { cut: { cuts }, text: `${here.join(',')} | ${sides.filter((id) => !ids.has(id)).join(',')}` };
  }

  /** Some pairs do not reach each other, others do: no two nodes need to see the same cluster. */
  #someLinks(): { readonly cut: Cut; readonly text: string } {
    const { nodes, random } = this.#means.context;
    const ids = nodes.map(({ id }) => id);
    const pairs = new Set(drawPairs(random, ids).map(([from, to]) => `${from} ${to}`));
    const text = [...pairs].filter((_, nth) => nth % 2 === 0).join('; ');
    return { cut: { cuts: (from, to) => pairs.has(`${from} ${to}`) }, text };
  }

  #oneDirection(): { readonly cut: Cut; readonly text: string } {
    const { random } = this.#means.context;
    const { id } = this.#means.anyNode();
    const others = new Set<string>(this.#means.someNodes().filter((other) => other !== id));
    const outward = random.next() < 0.5;
    const cuts = (from: string, to: string): boolean =>
      outward ? from === id && others.has(to) : to === id && others.has(from);
    return { cut: { cuts }, text: `${id} ${outward ? 'to' : 'from'} ${[...others].join(',')}` };
  }

  /** Everything gets through but messages of one kind: what they were for has to come about without them, or wait. */
  sieve(): void {
    const { weather, random, say, nodes } = this.#means.context;
    const { id } = this.#means.anyNode();
    const isNode = new Set<string>(nodes.map((node) => node.id));
    const outward = random.next() < 0.5;
    const [name, kind] = SIEVED[randomInt(random, 0, SIEVED.length - 1)]!;
    const cuts = (from: string, to: string): boolean =>
      outward ? from === id && isNode.has(to) : to === id && isNode.has(from);
    const sieve = { kind, cuts };
    const text = `sieve ${id} ${outward ? 'sends' : 'gets'} no ${name}`;
    say(`begin ${text}`);
    weather.sift(sieve);
    this.#means.later(text, () => weather.siftNoMore(sieve));
  }

  /** Swizzle-clogging: some nodes' links stop one after the other, and go on in another order. Nothing is lost. */
  swizzle(): void {
    const { world, weather, random, say } = this.#means.context;
    const ids = this.#means.someNodes();
    const order = ids.map((id) => ({ id, draw: random.next() })).sort((a, b) => a.draw - b.draw);
    const spanMs = this.#means.span();
    for (const [nth, { id }] of order.entries()) {
      const beginMs = (spanMs * ids.indexOf(id)) / ids.length;
      world.after(beginMs, () => {
        if (this.#means.isOver) return;
        const lastsMs = spanMs - beginMs + (spanMs * (nth + 1)) / ids.length;
        const clog = { until: world.now() + lastsMs, cuts: (from: string, to: string) => from === id || to === id };
        say(`begin clog ${id}`);
        weather.clog(clog);
        this.#means.later(`clog ${id}`, () => weather.unclog(clog), lastsMs);
      });
    }
  }

  /** Connections break. With suspicion, re-dials are refused, both ways, as if the process were gone, which it is not. */
  reset({ refused }: { readonly refused: boolean }): void {
    const { network, weather, random, say } = this.#means.context;
    const { id } = this.#means.anyNode();
    const others = new Set<string>(this.#means.someNodes().filter((other) => other !== id));
    if (!refused) for (const client of this.#means.context.clients) if (random.next() < 0.5) others.add(client);
    say(`${refused ? 'suspicion' : 'reset'} ${id} by ${[...others].join(',')}`);
    for (const other of others) network.reset(id, other);
    if (!refused) return;
    const cuts = (from: string, to: string) => (to === id && others.has(from)) || (from === id && others.has(to));
    const cut = { cuts };
    weather.refuse(cut);
    this.#means.later(`suspicion ${id}`, () => weather.refuseNoMore(cut));
  }

  /** What others send to it piles up, in the kernels and then with them. */
  slowReader(): void {
    const { say, random, weather, clients } = this.#means.context;
    const reader = random.next() < 0.5 ? this.#means.anyNode().id : clients[randomInt(random, 0, clients.length - 1)]!;
    say(`begin slow-reader ${reader}`);
    weather.slowDown(reader);
    this.#means.later(`slow-reader ${reader}`, () => weather.speedUp(reader));
  }

  /**
   * The cable of a node is pulled. Connections stay, and TCP goes on repeating; where it lost much before, it will not
   * for a minute after the network is back.
   */
  silence(): void {
    const { nodes, weather, random, say, options } = this.#means.context;
    const { id } = this.#means.anyNode();
    const isNode = new Set<string>(nodes.map((node) => node.id));
    const ms = options.electionTimeoutMs[1] * (0.1 + 4 * random.next() ** 2);
    const rtoMs = SILENT_RTO_MS[randomInt(random, 0, SILENT_RTO_MS.length - 1)]!;
    say(`silence ${id} for ${Math.round(ms)} ms, repeated after ${rtoMs} ms`);
    weather.silenceBetween({
      rtoMs,
      until: this.#means.context.world.now() + ms,
      cuts: (from, to) => isNode.has(from) && isNode.has(to) && (from === id || to === id),
    });
  }
}
