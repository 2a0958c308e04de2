import { describe, expect, it } from 'vitest';
import { asNodeId, votersOnly } from '../../../src/base/index.js';
import { type ExplainInput, type Explanation, explain, type MergedEvent } from '../../../src/diagnostics/index.js';
import { eventsOf, recorded, recordings, textFile } from './recorded.js';

const THREE = votersOnly(['node-01', 'node-02', 'node-03'].map(asNodeId));

const explained = (events: readonly MergedEvent[], options: Partial<ExplainInput> = {}): Explanation =>
  explain({ events, lost: 0, configuration: THREE, ...options });

const textOf = ({ episodes, notes }: Explanation): string =>
  [
    ...episodes.flatMap(({ headline, rows, conclusions }) => [
      headline,
      '',
      ...rows.map(({ atMs, text }) => `${atMs.toFixed(1).padStart(9)}  ${text}`),
      '',
      ...conclusions.map(({ text }) => text),
      '',
    ]),
    ...notes,
    '',
  ].join('\n');

describe('the last fault, in words', () => {
  for (const name of recordings()) {
    it(name.replaceAll('-', ' '), async () => {
      await expect(textOf(explained(recorded(name)))).toMatchFileSnapshot(textFile(name));
    });
  }
});

const headlines = (explanation: Explanation): string[] => explanation.episodes.map(({ headline }) => headline);

/** One after the other, each a minute after the one before. */
function inTurn(...names: readonly string[]): MergedEvent[] {
  return names.flatMap((name, at) =>
    recorded(name).map((event) => ({
      ...event,
      position: event.position + at * 1_000,
      time: event.time + at * 60_000,
      wall: event.wall + at * 60_000,
    })),
  );
}

describe('which fault', () => {
  const events = inTurn('first-election', 'leader-killed', 'follower-killed');

  it('the last one, whatever the order in which events come', () => {
    const last = explained(events);
    expect(headlines(last)).toHaveLength(1);
    expect(last.episodes[0]!.headline).toMatch(/^node-01, a follower, was killed, so nothing had to be elected/);
    expect(explained([...events].reverse())).toEqual(last);
  });

  it('without any, how the first leader came to be', () => {
    const first = explained(inTurn('first-election'));
    expect(first.episodes[0]).toMatchObject({ fault: { type: 'start' }, outcome: { type: 'elected' } });
  });

  it('all of them behind a mark', () => {
    const all = explained(events, { since: 999 });
    expect(all.episodes.map(({ fault }) => fault.type)).toEqual(['kill', 'kill']);
    expect(explained(events, { since: 5_000 })).toEqual({
      about: null,
      episodes: [],
      notes: ['No fault since the mark.'],
    });
  });

  it('two that come while nobody leads are one story, and one after it is another', () => {
    const story = explained(inTurn('first-election', 'quorum-regained', 'transfer'), { since: 999 });
    expect(story.episodes.map(({ fault }) => [fault.type, fault.led])).toEqual([
      ['kill', false],
      ['kill', true],
      ['transfer', true],
    ]);
  });

  it('nodes that are killed together are one fault', () => {
    const together = eventsOf(`
      0 node-01 role-changed from=candidate to=leader term=1 leader=node-01
      1 node-01 term-committed after=0 upTo=1 term=1
      9 supervisor process-killed node=node-02 signal=SIGKILL role=follower term=1 led=false
      12 supervisor process-killed node=node-03 signal=SIGKILL role=follower term=1 led=false
      900 node-01 quorum-lost term=1 silentTicks=800
      900 node-01 role-changed from=leader to=follower term=1 leader=null`);
    const { episodes } = explained(together);
    expect(episodes).toHaveLength(1);
    expect(episodes[0]!.rows.map(({ text }) => text)).toEqual([
      'node-02 and node-03 are killed (SIGKILL).',
      'node-01 steps down: it has not heard from a majority for 800 ms, and others may lead by now.',
    ]);
    expect(episodes[0]!.headline).toBe('Nobody leads, and nobody can: 1 of 3 voters is there, and a majority is 2.');
  });

  it('of a node: the last that hit it, and what it lived through since', () => {
    const about = asNodeId('node-01');
    const lived = explained(inTurn('leader-killed', 'transfer'), { about });
    const { fault, rows } = lived.episodes[0]!;
    const [first, ...rest] = rows;
    expect(fault).toMatchObject({ type: 'kill', node: about });
    expect(first).toMatchObject({ type: 'fault', nodes: [about] });
    expect(rest.map(({ type }) => type)).toContain('started');
    expect(rest.at(-1)!.atMs).toBeGreaterThan(60_000);
    // The answer is about that fault, whatever came later.
    expect(headlines(lived)).toEqual(headlines(explained(inTurn('leader-killed'))));
    expect(lived.episodes[0]!.conclusions.at(-1)).toEqual({ type: 'now', text: 'Now: node-01 is there, and leads.' });
    expect(rest.filter(({ text }) => !text.includes(about) && !text.includes('leads term'))).toEqual([]);
  });

  it('of a node to which nothing was done: the last one, as it saw it, and that it is so', () => {
    const { notes, episodes } = explained(inTurn('leader-killed'), { about: asNodeId('node-03') });
    expect(notes).toEqual(['Nothing was done to node-03 itself: this is the last fault, as it saw it.']);
    expect(episodes[0]!.rows.some(({ type, nodes }) => type === 'granted' && nodes.includes(asNodeId('node-03')))).toBe(
      true,
    );
  });

  it('where only elections are seen, as of nodes that nobody here owns: who was elected', () => {
    const seen = eventsOf('5 node-02 role-changed to=leader term=4 leader=node-02');
    expect(explained(seen)).toEqual({
      about: null,
      episodes: [],
      notes: [
        'No fault is known, nor how the cluster started.',
        'node-02 was elected in term 4: more is not recorded here.',
      ],
    });
  });

  it('faults of several kinds are named in one sentence', () => {
    const events = eventsOf(`
      0 node-01 role-changed from=candidate to=leader term=1 leader=node-01
      1 node-01 term-committed after=0 upTo=1 term=1
      9 supervisor process-paused node=node-01 role=leader term=1 led=true
      300 supervisor fault-begun id=1 fault=cut rule="cut node-01->node-03" leader=node-01 term=1 led=false
      800 node-02 role-changed from=candidate to=leader term=2 leader=node-02`);
    expect(headlines(explained(events))).toEqual([
      'node-02 leads in term 2, 791 ms after node-01, the leader, was frozen, and a link was cut (cut node-01->node-03).',
    ]);
  });

  it('without any event: nothing is known, and nothing is made up', () => {
    expect(explained([])).toEqual({
      about: null,
      episodes: [],
      notes: ['No fault is known, nor how the cluster started.'],
    });
  });
});

describe('what is not known', () => {
  it('events that are not kept any more are said to be gone', () => {
    expect(explained(recorded('leader-killed'), { lost: 12_345 }).notes).toEqual([
      '12,345 older events are not kept any more.',
    ]);
  });

  it('events of a node that were dropped on the way are said to be missing', () => {
    const dropped = eventsOf('70 supervisor events-lost node=node-02 lost=40');
    const { notes } = explained([...recorded('leader-killed'), ...dropped]);
    expect(notes).toEqual([
      '40 events of node-02 were dropped before anybody read them: something may be missing here.',
    ]);
  });

  it('writes of this console whose outcome nobody could say are named, those of that time', () => {
    const events = recorded('leader-killed');
    const at = events[0]!.time;
    const unknown = [
      { time: at - 5, line: 'put before …' },
      { time: at + 100_000, line: 'put key-01 …' },
    ];
    const { conclusions } = explained(events, { unknown }).episodes[0]!;
    expect(conclusions.at(-1)).toEqual({
      type: 'unknown',
      text: 'Unknown: one write of this console may have happened or not (put key-01 …).',
    });
  });
});

describe('what must never be is said', () => {
  const lossIn = (events: readonly MergedEvent[]): string =>
    explained(events).episodes[0]!.conclusions.find(({ type }) => type === 'lost')!.text;

  it('somebody leads without entries that were committed', () => {
    const events = recorded('log-behind').map((event) =>
      event.event === 'vote-requested' && event.node === 'node-02'
        ? { ...event, fields: { ...event.fields, lastLogIndex: 39 } }
        : event,
    );
    expect(lossIn(events)).toMatch(/^Lost: entries 40 to 41\. .*node-02 leads without them/);
  });

  it('somebody cuts off what was committed', () => {
    const events = recorded('log-behind');
    const last = events.at(-1)!;
    const cutFrom = (from: number): MergedEvent => ({
      ...last,
      position: last.position + 1,
      event: 'log-truncated',
      fields: { from, lastIndex: 45, term: 7 },
    });
    expect(lossIn([...events, cutFrom(41)])).toMatch(/^Lost: entries 41 to 41\. .* cut them off/);
    expect(lossIn([...events, cutFrom(42)])).toMatch(/^Lost: nothing that was acknowledged\./);
  });
});
