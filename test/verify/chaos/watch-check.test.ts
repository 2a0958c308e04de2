import { describe, expect, it } from 'vitest';
import { checkWatches, findLost, happenedBy, withKnownRevisions } from '../../../src/verify/chaos/watch-check.js';
import type { WatchedEvent, WatchedStretch } from '../../../src/verify/chaos/watcher.js';
import type { Operation } from '../../../src/verify/history/index.js';

const put = (revision: number, key: string, value: string): WatchedEvent => ({ revision, key, value });
const gone = (revision: number, key: string): WatchedEvent => ({ revision, key, value: null });
const stretch = (...events: readonly WatchedEvent[]): WatchedStretch => ({ from: 2, events: [...events] });

let lines = 0;
const operation = (what: Partial<Operation> & Pick<Operation, 'type' | 'key'>): Operation => {
  lines += 1;
  const rest = {
    line: lines,
    client: 'c1',
    outcome: 'ok',
    call: lines,
    return: lines + 0.5,
    revision: null,
    node: null,
  };
  return { ...rest, output: true, ...what } as Operation;
};
const wrote = (revision: number, key: string, value: string) => operation({ type: 'put', key, value, revision });

const WRITES = [wrote(2, 'a', '1'), wrote(3, 'b', '2'), wrote(4, 'a', '3')];
const TOLD = [put(2, 'a', '1'), put(3, 'b', '2'), put(4, 'a', '3')] as const;

const faultsOf = (watches: readonly (readonly WatchedStretch[])[], operations = WRITES) =>
  checkWatches(watches, operations).faults;

describe('watches', () => {
  it('that were told of everything once, in order, are right', () => {
    expect(checkWatches([[stretch(...TOLD)], [stretch(...TOLD)]], WRITES)).toEqual({
      faults: [],
      events: 6,
      begunAnew: 0,
      excused: 0,
    });
  });

  it('that miss an event are found out by the other, and by the acknowledged write', () => {
    const gap = [stretch(TOLD[0], TOLD[2])];
    expect(faultsOf([gap, [stretch(...TOLD)]])).toEqual(['watch 1 was not told of revision 3, but of 4']);
    expect(faultsOf([gap])).toEqual(['watch 1 was not told of revision 3, but of 4']);
    // What came before it began, and what is behind its last, it need not know.
    expect(faultsOf([[{ from: 3, events: [TOLD[1]] }], [stretch(...TOLD)]])).toEqual([]);
  });

  it('that are told again, or late, are found out', () => {
    expect(faultsOf([[stretch(TOLD[0], TOLD[0], TOLD[1], TOLD[2])]])).toEqual(['watch 1 was told of revision 2 again']);
    expect(faultsOf([[stretch(TOLD[0], TOLD[2], TOLD[1])]])).toContain('watch 1 was told of revision 3 after 4');
  });

  it('that are told of what nobody wrote, or of two things for one revision, are found out', () => {
    expect(faultsOf([[stretch(...TOLD, put(5, 'a', 'made up'))]])).toEqual([
      'watch 1 was told of a = made up, which nobody wrote',
    ]);
    const other = [stretch(TOLD[0], put(3, 'a', '2'), TOLD[2])];
    expect(faultsOf([[stretch(...TOLD)], other])[0]).toMatch(/revision 3 was told as/);
  });

  it('that were told otherwise than the write was acknowledged are found out', () => {
    expect(faultsOf([[stretch(put(2, 'a', '1'), put(3, 'a', '1'), TOLD[2])]]).join()).toContain(
      'acknowledged was put b',
    );
  });

  it('may begin anew where nobody has the past any more', () => {
    const watch = [stretch(TOLD[0]), { from: 4, events: [TOLD[2]] }];
    // What they were not told of meanwhile is counted: nobody can tell whether they would have been.
    expect(checkWatches([watch], WRITES)).toEqual({ faults: [], events: 2, begunAnew: 1, excused: 1 });
  });
});

describe('an acknowledged write', () => {
  const last = new Map([
    ['a', { revision: 4, value: '3' }],
    ['b', { revision: 3, value: '2' }],
  ]);

  it('is not lost where its key is as of its revision, or a later one', () => {
    expect(findLost(WRITES, happenedBy([[stretch(...TOLD)]]), last)).toEqual([]);
  });

  it('is lost where the key is older than the write', () => {
    const lost = findLost([...WRITES, wrote(5, 'b', '4')], happenedBy([[stretch(...TOLD)]]), last);
    expect(lost.map(({ operation: { revision }, why }) => [revision, why])).toEqual([
      [5, 'the key is as of revision 3'],
    ]);
  });

  it('is lost where the key is gone and nobody deleted it', () => {
    const nothing = new Map([['a', { revision: 4, value: '3' }]]);
    const happened = happenedBy([[stretch(...TOLD)]]);
    expect(findLost(WRITES, happened, nothing).map(({ operation: { key } }) => key)).toEqual(['b']);
    const deleted = operation({ type: 'del', key: 'b', revision: 5 });
    expect(findLost([...WRITES, deleted], happened, nothing)).toEqual([]);
    // Nobody knows whether, or when: it may have been after the write.
    const perhaps = operation({ type: 'del', key: 'b', outcome: 'unknown' });
    expect(findLost([...WRITES, perhaps], happened, nothing)).toEqual([]);
    expect(findLost(WRITES, happenedBy([[stretch(...TOLD, gone(5, 'b'))]]), nothing)).toEqual([]);
  });

  it('is lost where another write has its revision', () => {
    const happened = happenedBy([[stretch(TOLD[0], put(3, 'a', 'x'), TOLD[2])]]);
    expect(findLost(WRITES, happened, last).map(({ why }) => why)).toEqual(['revision 3 is put a x']);
  });
});

describe('a write of which nobody knows', () => {
  it('happened where a watch was told of its value, and is checked at that revision', () => {
    const unknown = operation({ type: 'put', key: 'a', value: '1', outcome: 'unknown' });
    const other = operation({ type: 'put', key: 'a', value: '9', outcome: 'unknown' });
    const known = withKnownRevisions([unknown, other], happenedBy([[stretch(...TOLD)]]));
    expect(known.map(({ revision }) => revision)).toEqual([2, null]);
  });
});
