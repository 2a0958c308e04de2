import { describe, expect, it } from 'vitest';
import { asRevision } from '../../src/base/index.js';
import type { KeyValue } from '../../src/client/index.js';
import { decodeScan, encodeOkScan, KIND } from '../../src/wire/index.js';
import type { FakeNode } from '../helpers/fake-node.js';
import { errorOf, fateOf, Stage } from './stage.js';

const entryOf = (key: string): KeyValue => ({
  key: Buffer.from(key),
  value: Buffer.from('x'),
  createRevision: asRevision(1),
  modRevision: asRevision(1),
  version: 1,
});

/** A node whose store has the keys a to f, answers two at a time, and changes before the pages that `changes` names. */
function serve(node: FakeNode, changes: (page: number) => boolean): string[] {
  const asked: string[] = [];
  let revision = 7;
  node.behaviour = (request) => {
    expect(request.kind).toBe(KIND.scan);
    const { after, limit, mode } = decodeScan(request.payload);
    asked.push(`${mode} ${limit} after ${after === undefined ? '-' : Buffer.from(after)}`);
    if (changes(asked.length)) revision += 1;
    const left = [...'abcdef'].filter((key) => after === undefined || key > Buffer.from(after).toString());
    const keys = left.slice(0, Math.min(2, limit));
    const answer = { entries: keys.map(entryOf), more: keys.length < left.length, revision: asRevision(revision) };
    request.answer(KIND.okScan, encodeOkScan(answer));
  };
  return asked;
}

const stageOf = async (changes: (page: number) => boolean) => {
  const stage = new Stage();
  const [node] = (await stage.cluster(1)) as [FakeNode];
  const asked = serve(node, changes);
  return { stage, asked, client: await stage.client([node]) };
};

const keysOf = (entries: readonly KeyValue[] = []) => entries.map(({ key }) => key.toString()).join('');

describe('a scan of all pages', () => {
  it('is one revision when the store holds still', async () => {
    const { stage, asked, client } = await stageOf(() => false);
    const scan = fateOf(client.scanAll());
    await stage.settle();
    expect(scan().value).toMatchObject({ more: false, revision: 7, node: 'node-01', consistent: true });
    expect(keysOf(scan().value?.entries)).toBe('abcdef');
    const all = 0xffff_ffff;
    expect(asked).toEqual([
      `linearizable ${all} after -`,
      `linearizable ${all - 2} after b`,
      `linearizable ${all - 4} after d`,
    ]);
  });

  it('stops at its limit, and says that there is more', async () => {
    const { stage, asked, client } = await stageOf(() => false);
    const scan = fateOf(client.scanAll({ limit: 3, after: 'a' }));
    await stage.settle();
    expect(scan().value).toMatchObject({ more: true, consistent: true });
    expect(keysOf(scan().value?.entries)).toBe('bcd');
    expect(asked).toEqual(['linearizable 3 after a', 'linearizable 1 after c']);
  });

  it('begins anew when the store changed between its pages, and is of the later revision', async () => {
    const { stage, asked, client } = await stageOf((page) => page === 2);
    const scan = fateOf(client.scanAll({ limit: 9 }));
    await stage.settle();
    expect(scan().value).toMatchObject({ revision: 8, consistent: true });
    expect(keysOf(scan().value?.entries)).toBe('abcdef');
    expect(asked).toHaveLength(2 + 3);
  });

  it('says that it is not one revision when the store never holds still, after four tries', async () => {
    const { stage, asked, client } = await stageOf(() => true);
    const scan = fateOf(client.scanAll({ limit: 9 }));
    await stage.settle();
    expect(asked).toHaveLength(3 * 2 + 3);
    expect(scan().value).toMatchObject({ more: false, revision: 7 + 7, consistent: false });
    expect(keysOf(scan().value?.entries)).toBe('abcdef');
  });

  it('of a change before its first page, or of one page, is one revision', async () => {
    const { stage, client } = await stageOf((page) => page === 1);
    const scan = fateOf(client.scanAll({ limit: 2 }));
    await stage.settle();
    expect(scan().value).toMatchObject({ revision: 8, more: true, consistent: true });
  });

  it('that may be stale stays with the node that it began with', async () => {
    const stage = new Stage();
    const nodes = (await stage.cluster(3)) as [FakeNode, FakeNode, FakeNode];
    const asked = nodes.map((node) => serve(node, () => false));
    const client = await stage.client(nodes);
    const scan = fateOf(client.scanAll({}, { read: 'stale', via: 'any' }));
    await stage.settle();
    expect(scan().value).toMatchObject({ consistent: true });
    expect(asked.map(({ length }) => length).sort()).toEqual([0, 0, 3]);
  });

  it('fails as one of its pages fails', async () => {
    const { stage, client } = await stageOf(() => false);
    expect(await errorOf(client.scanAll({ limit: 0 }))).toMatchObject({ code: 'usage' });
    expect(await errorOf(client.scanAll('key-' as never))).toMatchObject({ code: 'usage' });
    expect(await errorOf(client.scanAll({}, null as never))).toMatchObject({ code: 'usage' });
    expect(await errorOf(client.scanAll({}, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'aborted' });
    await stage.settle();
  });
});
