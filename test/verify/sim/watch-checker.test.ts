import { describe, expect, it } from 'vitest';
import { asNodeId, asRevision } from '../../../src/base/index.js';
import type { KeyEvent } from '../../../src/client/index.js';
import { type Command, DATA_VERSION, encodeCommand } from '../../../src/kv/index.js';
import { CommittedLog } from '../../../src/verify/sim/committed-log.js';
import { WatchChecker } from '../../../src/verify/sim/watch-checker.js';
import { membershipOf } from '../../helpers/membership.js';

const put = (key: string, value: string): Command => ({
  type: 'put',
  key: Buffer.from(key),
  value: Buffer.from(value),
});

/** Revisions 2 to 6: put a, put b, put a, delete b, put ab. */
function committed(): CommittedLog {
  const log = new CommittedLog(DATA_VERSION, membershipOf(asNodeId('node-01')));
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

const A2 = event(2, 'a', 'v1');
const A4 = event(4, 'a', 'v3', 2, 2);
const AB6 = event(6, 'ab', 'v4');

describe('what a watch is told', () => {
  const watch = (key: string, isPrefix: boolean, from = 1) => new WatchChecker(committed(), { key, isPrefix }, from);

  it('passes when it is every change of its keys, in order', () => {
    const key = watch('a', false);
    for (const each of [A2, A4]) key.told(each);
    expect(key.missing).toBeUndefined();
    const prefix = watch('a', true);
    for (const each of [A2, A4]) prefix.told(each);
    expect(prefix.missing).toMatchObject({ revision: 6, key: 'ab' });
    prefix.told(AB6);
    expect(prefix.missing).toBeUndefined();
    const all = watch('', true, 5);
    for (const each of [event(5, 'b', null), AB6]) all.told(each);
  });

  it('is found out when something comes twice, late, or not at all', () => {
    const twice = watch('a', false);
    twice.told(A2);
    expect(() => twice.told(A2)).toThrow('a watch is told in order, and nothing twice');
    expect(() => watch('a', false, 3).told(A2)).toThrow('told of revision 2 after 2');
    expect(() => watch('a', true).told(A4)).toThrow('told of revision 4, and not of 2: put a');
  });

  it('is found out when it is not what happened, or has not happened', () => {
    expect(() => watch('a', false).told(event(2, 'a', 'v2'))).toThrow('a watch is told what happened');
    expect(() => watch('a', false).told(event(2, 'a', null))).toThrow('was told: delete a at 2');
    expect(() => watch('a', false, 4).told(event(4, 'a', 'v3', 4, 1))).toThrow(
      '(4/4/1); what happened: put a v3 at 4 (2/4/2)',
    );
    expect(() => watch('a', false, 3).told(event(3, 'b', 'v2'))).toThrow('a watch is told what happened');
    expect(() => watch('a', false, 6).told(event(7, 'a', 'v9'))).toThrow('told of nothing that is not committed');
  });
});
