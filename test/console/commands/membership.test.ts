import { describe, expect, it } from 'vitest';
import { asNodeId, type RaftctlError } from '../../../src/base/index.js';
import { literalArg, TABLE } from '../../../src/console/commands/index.js';
import { execute } from '../../../src/console/execute.js';
import { outputOf } from '../../../src/console/results.js';
import { capturedPrinter, type FakeWorld, fakeWorld } from '../fakes.js';

async function run(world: FakeWorld, ...words: readonly string[]) {
  const printer = capturedPrinter(false);
  const call = TABLE.bind(words.map(literalArg), world.workspace.surface.origin);
  const signal = new AbortController().signal;
  const outcome = await execute(world.workspace, outputOf(printer, 'text'), call, { signal });
  return { outcome, said: printer.stderr(), text: outcome.text(printer.view).toString() };
}

const refusal = (world: FakeWorld, ...words: readonly string[]): Promise<RaftctlError> =>
  run(world, ...words).then(
    () => Promise.reject(new Error('it was accepted')),
    (error: unknown) => error as RaftctlError,
  );

describe('members', () => {
  it('shows who votes and who learns, and counts the voters', async () => {
    const world = fakeWorld('one-shot');
    await run(world, 'add', 'node-05', '--learner');
    const { outcome, text } = await run(world, 'members');
    expect(outcome.principal).toBe(4);
    expect(outcome.document).toMatchObject({ learners: ['node-05'], changing: false });
    expect(text).toMatch(/^MEMBER +ROLE +INCARNATION +STATE +ADDRESS$/m);
    expect(text).toMatch(/^node-01\* +voter +1 +running +127\.0\.0\.1:3331$/m);
    expect(text).toMatch(/^node-05 +learner +1 /m);
  });

  it('shows both sets of voters while they change', async () => {
    const world = fakeWorld('one-shot');
    const { control } = world;
    const [one, two, three, four] = control.membership.voters;
    control.membership = { ...control.membership, voters: [one!, two!, four!], outgoing: [one!, two!, three!] };
    const { outcome, text } = await run(world, 'members');
    expect(outcome.document).toMatchObject({ changing: true });
    expect(text).toMatch(/node-03 +old voter/);
    expect(text).toMatch(/node-04 +new voter/);
    expect(text).toMatch(/node-02 +voter/);
  });
});

describe('a node that has left', () => {
  async function removed(node: string) {
    const world = fakeWorld('one-shot');
    await run(world, 'remove', node);
    const { membership } = world.control;
    world.control.membership = { ...membership, former: [{ id: asNodeId(node), incarnation: 1 }] };
    return world;
  }

  it('is not the leader, which may be waited for', async () => {
    const world = await removed('node-01');
    world.control.leader = asNodeId('node-03');
    expect((await run(world, 'wait', 'leader', '--not', 'node-01')).outcome.principal).toBe('node-03');
    expect((await refusal(world, 'wait', 'leader', '--not', 'node-09')).code).toBe('no-such-node');
  });

  it('has left its log', async () => {
    const world = await removed('node-02');
    world.control.happens('node-removed', {}, asNodeId('node-02'));
    expect((await run(world, 'logs', 'node-02')).text).toContain('node-02 ');
    expect((await run(world, 'count', 'logs', 'node-02')).outcome.principal).toBe(1);
  });

  it("is no node of any command that does something, and its number is nobody else's", async () => {
    const world = await removed('node-02');
    for (const words of [
      ['kill', 'node-02'],
      ['remove', 'node-02'],
      ['remove', '2'],
      ['kill', '2'],
    ]) {
      expect((await refusal(world, ...words)).code, words.join(' ')).toBe('no-such-node');
    }
    expect(world.control.done).toEqual(['remove node-02']);
  });
});

describe('changes of the membership', () => {
  it('say what came of them, and whom a word stood for', async () => {
    const world = fakeWorld('one-shot');
    expect((await run(world, 'add')).text).toBe('added node-05 (5 voters, 120 ms)');
    expect((await run(world, 'add', 'node-06', '--learner')).text).toBe(
      'added node-06, a learner (5 voters, 1 learners, 120 ms)',
    );
    const removed = await run(world, 'remove', 'leader');
    expect(removed.said).toContain('leader -> node-01 (term 1)');
    expect(removed.text).toBe('removed node-01 (4 voters, 1 learners, 120 ms)');
    expect((await run(world, 'wipe', '2')).text).toContain('node-02 is back with nothing, as incarnation 2');
    expect(world.control.done).toEqual(['add node-05', 'add node-06', 'remove node-01', 'wipe node-02']);
  });

  it('name the valid nodes when there is none of that name, and pass on why they are refused', async () => {
    const world = fakeWorld('one-shot');
    expect(await refusal(world, 'remove', 'node-99')).toMatchObject({ code: 'no-such-node', exitCode: 3 });
    expect(await refusal(world, 'add', 'node-01')).toMatchObject({ code: 'change-refused', exitCode: 6 });
    expect(world.control.done).toEqual([]);
  });
});
