import { describe, expect, it } from 'vitest';
import { asRevision } from '../../../src/base/index.js';
import type { KeyEvent } from '../../../src/client/index.js';
import { type Command, encodeCommand } from '../../../src/kv/index.js';
import { CommittedLog } from '../../../src/verify/sim/committed-log.js';
import { WatchChecker } from '../../../src/verify/sim/watch-checker.js';

const put = (key: string, value: string): Command => ({
  type: 'put',
  key: Buffer.from(key),
  value: Buffer.from(value),
});

/** Revisions 1 to 5: put a, put b, put a, delete b, put ab. */
function committed(): CommittedLog {
  const log = new CommittedLog();
  const commands = [put('a', 'v1'), put('b', 'v2'), put('a', 'v3'), { type: 'delete', key: Buffer.from('b') } as const];
  for (const command of [...commands, put('ab', 'v4')]) log.model.apply(encodeCommand(command));
  return log;
}

const event = (revision: number, key: string, value: string | null, created = revision, version = 1): KeyEvent => ({
  type: value === null ? 'delete' : 'put',
  key: Buffer.from(key),
  value: Buffer.from(value ?? ''),
  createRevision: asRevision(value === null ? 0 : created),
  modRevision: asRevision(revision),
  version: value === null ? 0 : version,
});

const A1 = event(1, 'a', 'v1');
const A3 = event(3, 'a', 'v3', 1, 2);
const AB5 = event(5, 'ab', 'v4');

describe('what a watch is told', () => {
  const watch = (key: string, isPrefix: boolean, from = 1) => new WatchChecker(committed(), { key, isPrefix }, from);

  it('passes when it is every change of its keys, in order', () => {
    const key = watch('a', false);
    for (const each of [A1, A3]) key.told(each);
    expect(key.missing).toBeUndefined();
    const prefix = watch('a', true);
    for (const each of [A1, A3]) prefix.told(each);
    expect(prefix.missing).toMatchObject({ revision: 5, key: 'ab' });
    prefix.told(AB5);
    expect(prefix.missing).toBeUndefined();
    const all = watch('', true, 4);
    for (const each of [event(4, 'b', null), AB5]) all.told(each);
  });

  it('is found out when something comes twice, late, or not at all', () => {
    const twice = watch('a', false);
    twice.told(A1);
    expect(() => twice.told(A1)).toThrow('a watch is told in order, and nothing twice');
    expect(() => watch('a', false, 2).told(A1)).toThrow('told of revision 1 after 1');
    expect(() => watch('a', true).told(A3)).toThrow('told of revision 3, and not of 1: put a');
  });

  it('is found out when it is not what happened, or has not happened', () => {
    expect(() => watch('a', false).told(event(1, 'a', 'v2'))).toThrow('a watch is told what happened');
    expect(() => watch('a', false).told(event(1, 'a', null))).toThrow('was told: delete a at 1');
    expect(() => watch('a', false, 3).told(event(3, 'a', 'v3', 3, 1))).toThrow(
      '(3/3/1); what happened: put a v3 at 3 (1/3/2)',
    );
    expect(() => watch('a', false, 2).told(event(2, 'b', 'v2'))).toThrow('a watch is told what happened');
    expect(() => watch('a', false, 5).told(event(6, 'a', 'v9'))).toThrow('told of nothing that is not committed');
  });
});
