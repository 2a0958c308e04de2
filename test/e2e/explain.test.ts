import { describe, expect, it } from 'vitest';
import type { Explanation } from '../../src/diagnostics/index.js';
import { Workplace } from '../helpers/product.js';

interface EventDocument {
  readonly node: string;
  readonly event: string;
  readonly time: number;
  readonly fields: Readonly<Record<string, string | number | boolean | null>>;
}

async function events(place: Workplace, ...pairs: readonly string[]): Promise<readonly EventDocument[]> {
  const { stdout } = await place.run('events', '-n', '10000', '-o', 'json', ...pairs);
  return JSON.parse(stdout) as readonly EventDocument[];
}

async function explained(place: Workplace, ...words: readonly string[]): Promise<Explanation> {
  const { stdout, code } = await place.run('explain', ...words, '-o', 'json');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Explanation;
}

describe('a cluster explains itself', () => {
  it('after the leader was killed: who leads, since when, by whose votes, as the events have it', async () => {
    const place = await Workplace.create();
    await place.up();
    expect((await explained(place)).episodes[0]).toMatchObject({
      fault: { type: 'start' },
      outcome: { type: 'elected' },
    });

    const killed = await place.run('kill', 'leader');
    const [, old] = killed.stdout.match(/killed (node-0\d) \(leader/)!;
    const next = await place.run('wait', 'leader', '--not', old!, '-o', 'json');
    const { node: leader } = JSON.parse(next.stdout) as { readonly node: string };
    expect((await place.run('put', 'key-01', 'content 01')).stdout).toBe('OK\n');

    const { episodes, notes } = await explained(place);
    expect(notes).toEqual([]);
    const [{ fault, outcome, rows }] = episodes as [Explanation['episodes'][number]];
    expect(fault).toMatchObject({ type: 'kill', node: old, leader: old, led: true });
    expect(outcome).toMatchObject({ type: 'elected', leader });

    // All of it is in the events, and the times are theirs.
    const [cause] = await events(place, 'kind=process-killed');
    const elected = (await events(place, 'kind=role-changed', 'to=leader', `node=${leader}`)).at(-1)!;
    expect(outcome).toMatchObject({ term: elected.fields['term'] });
    if (outcome.type === 'elected') expect(outcome.electedMs).toBeCloseTo(elected.time - cause!.time, 0);
    const granted = await events(place, 'kind=vote-granted', 'preVote=false', `candidate=${leader}`);
    const voters = granted.filter(({ fields }) => fields['term'] === elected.fields['term']).map(({ node }) => node);
    const told = rows.flatMap((row) =>
      row.type === 'granted' && !row.preVote && row.candidate === leader ? row.nodes : [],
    );
    expect([...new Set(told)].sort()).toEqual([...new Set(voters)].sort());
    expect(rows.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['fault', 'gone', 'asked', 'granted', 'elected', 'serving', 'first-write']),
    );

    const { stdout } = await place.run('explain');
    expect(stdout).toMatch(
      new RegExp(`^${leader} leads in term ${elected.fields['term']}, .* after ${old}, the leader,`),
    );
    expect(stdout).toContain(`Why ${leader}?`);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('Lost: nothing that was acknowledged.');
  });

  it('without a majority: why nobody can lead; and in a script, by a mark', async () => {
    const place = await Workplace.create();
    const script = [
      'up --nodes 3',
      'mark begun',
      'kill follower --yes',
      'kill leader --yes',
      'explain => contains "Nobody leads, and nobody can: 1 of 3 voters is there, and a majority is 2."',
      'explain --since begun => contains "a follower, is killed (SIGKILL)"',
      'start down',
      'wait leader',
      'explain => contains "leads"',
    ];
    const { code, stdout, stderr } = await place.run('exec', '-c', script.join('\n'));
    expect(code, `${stdout}${stderr}`).toBe(0);
  });

  it('after the leader was cut off, and the network healed: one story, from the rule to the old leader that follows', async () => {
    const place = await Workplace.create();
    await place.up();
    const isolated = await place.run('isolate', 'leader');
    expect(isolated.code, isolated.stderr).toBe(0);
    const [cause] = await events(place, 'kind=fault-begun');
    const old = String(cause!.fields['node']);
    const next = await place.run('wait', 'leader', '--not', old, '-o', 'json');
    const { node: leader } = JSON.parse(next.stdout) as { readonly node: string };
    expect((await place.run('put', 'key-01', 'content 01')).stdout).toBe('OK\n');
    const heal = [
      'mark before',
      'heal',
      `wait event kind=follower-caught-up node=${leader} peer=${old} --since before`,
    ];
    const healing = await place.run('exec', '-c', heal.join('\n'));
    expect(healing.code, healing.stderr).toBe(0);

    const [{ fault, outcome, rows, headline }] = (await explained(place)).episodes as [Explanation['episodes'][number]];
    expect(fault).toMatchObject({ type: 'isolate', node: old, led: true, detail: `isolate ${old}` });
    expect(outcome).toMatchObject({ type: 'elected', leader });
    expect(headline).toContain(`after ${old}, the leader, was cut off`);
    const about = (type: string) =>
      rows.findIndex((row) => row.type === type && row.nodes.some((node) => node === old));
    const healed = rows.findIndex(({ type }) => type === 'healed');
    expect(rows.some(({ type, atMs }) => type === 'leader-silent' && atMs > 0)).toBe(true);
    expect(about('caught-up')).toBeGreaterThan(healed);
    expect(about('follows')).toBeGreaterThan(0);
    expect((await explained(place, old)).episodes[0]).toMatchObject({ fault: { type: 'isolate' } });
  });
});
