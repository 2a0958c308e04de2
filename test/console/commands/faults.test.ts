import { describe, expect, it } from 'vitest';
import { asNodeId, type RaftctlError } from '../../../src/base/index.js';
import { literalArg, TABLE } from '../../../src/console/commands/index.js';
import { execute } from '../../../src/console/execute.js';
import { viewOf } from '../../../src/console/output/index.js';
import { outputOf } from '../../../src/console/results.js';
import { capturedPrinter, type FakeWorld, fakeWorld } from '../fakes.js';

const [one, two] = ['node-01', 'node-02'].map(asNodeId);

/** One command, in words that a shell would split. */
async function run(world: FakeWorld, line: string) {
  const printer = capturedPrinter(false);
  const call = TABLE.bind(line.split(' ').map(literalArg), world.workspace.surface.origin);
  const signal = new AbortController().signal;
  const outcome = await execute(world.workspace, outputOf(printer, 'text'), call, { signal });
  return { ...outcome, said: printer.stderr(), shown: outcome.text(viewOf({}, {})).toString() };
}

const refusal = (world: FakeWorld, line: string): Promise<RaftctlError> =>
  run(world, line).then(
    () => Promise.reject(new Error('it was accepted')),
    (error: unknown) => error as RaftctlError,
  );

/** What it had the supervisor do. */
async function doneBy(line: string): Promise<readonly string[]> {
  const world = fakeWorld();
  await run(world, line);
  return world.control.done;
}

describe('faults', () => {
  it.each([
    [
      'partition node-01,node-02 node-03',
      ['partition node-01,node-02 node-03'],
      'parted: node-01, node-02 | node-03 | node-04',
    ],
    [
      'partition leader --clients',
      ['partition node-01 --clients'],
      'parted: node-01 | node-02, node-03, node-04; clients reach node-02, node-03, node-04 alone, this console too',
    ],
    ['isolate 2', ['isolate node-02'], 'node-02 is cut off from all others'],
    [
      'isolate node-02 --clients',
      ['isolate node-02 --clients'],
      'node-02 is cut off from all others and from clients, this console too',
    ],
    [
      'isolate node-03 node-04 node-03',
      ['isolate node-03', 'isolate node-04'],
      'node-03 is cut off from all others\nnode-04 is cut off from all others',
    ],
    ['cut node-01->node-02', ['cut node-01->node-02'], 'nothing from node-01 reaches node-02'],
    ['cut follower->leader', ['cut node-02->node-01'], 'nothing from node-02 reaches node-01'],
    [
      'slow node-02 100ms',
      ['slow node-02 100ms'],
      'between node-02 and the others everything takes 100 ms longer, each way',
    ],
    [
      'slow node-02 1.5s --jitter 20ms',
      ['slow node-02 1500ms --jitter 20ms'],
      'between node-02 and the others everything takes 1.5 s ± 20 ms longer, each way',
    ],
    ['flaky node-02 12.5%', ['flaky node-02 12.5%'], 'between node-02 and the others 12.5% is lost, each way'],
    [
      'disk node-02 slow 200ms',
      ['disk node-02 slow 200ms'],
      'the disk of node-02 is slow: 200 ms for every write and sync',
    ],
    ['disk node-02 full', ['disk node-02 full'], 'the disk of node-02 is full'],
    ['disk node-02 failing', ['disk node-02 failing'], 'the disk of node-02 is failing: no write and no sync succeeds'],
  ])('%s', async (line, done, shown) => {
    const world = fakeWorld('one-shot');
    expect((await run(world, line)).shown).toBe(shown);
    expect(world.control.done).toEqual(done);
  });

  it('say what a word stood for, and mean each node of a group', async () => {
    const world = fakeWorld('one-shot');
    const { said } = await run(world, 'cut followers->leader');
    expect(said).toContain('followers -> node-02, node-03, node-04\nleader -> node-01 (term 1)\n');
    expect(world.control.done).toEqual(['cut node-02->node-01', 'cut node-03->node-01', 'cut node-04->node-01']);
    expect(await doneBy('cut all->node-01')).toEqual(world.control.done);
    expect(await doneBy('slow followers 50ms')).toHaveLength(3);
  });

  it('answer with a document, and with whom they name', async () => {
    const { document, principal } = await run(fakeWorld(), 'slow node-02 100ms --jitter 20ms');
    expect(principal).toBe('node-02');
    expect(document).toEqual({
      node: 'node-02',
      faults: [
        {
          id: 1,
          rule: 'slow node-02 100ms --jitter 20ms',
          wall: expect.any(Number),
          type: 'slow',
          node: 'node-02',
          delayMs: 100,
          jitterMs: 20,
        },
      ],
      replaced: [],
      inForce: 1,
      confirmed: ['node-01', 'node-02', 'node-03', 'node-04'],
      pending: [],
    });
    expect((await run(fakeWorld(), 'partition 1,2 3')).principal).toBe('node-01,node-02,node-03');
  });

  it('say which one they take the place of', async () => {
    const world = fakeWorld();
    await run(world, 'disk node-02 full');
    expect((await run(world, 'disk node-02 slow 5ms')).shown).toContain('in the place of disk node-02 full');
  });

  it('say who does not suffer it yet, and from when on', async () => {
    const world = fakeWorld();
    await run(world, 'pause node-02');
    await run(world, 'stop node-03');
    expect((await run(world, 'isolate node-02')).shown).toBe(
      [
        'node-02 is cut off from all others',
        'node-02 is paused: it hears of it when it is resumed',
        'node-03 is stopped: it is started with it',
      ].join('\n'),
    );
  });

  it('that end are no news to a process that is not there, but to one that is paused', async () => {
    const world = fakeWorld();
    await run(world, 'isolate node-02');
    await run(world, 'pause node-03');
    await run(world, 'stop node-04');
    expect((await run(world, 'heal')).shown.split('\n').slice(1)).toEqual([
      'node-03 is paused: it hears of it when it is resumed',
    ]);
  });

  it('are listed, with the time since when, and counted', async () => {
    const world = fakeWorld();
    expect(await run(world, 'faults')).toMatchObject({ principal: 0, document: [], shown: 'no fault is in force' });
    await run(world, 'isolate node-02 --clients');
    await run(world, 'partition node-01');
    const { principal, document, shown } = await run(world, 'faults');
    expect(principal).toBe(2);
    expect(document).toMatchObject([
      { id: 1, type: 'isolate', rule: 'isolate node-02 --clients', node: 'node-02', clients: true },
      { id: 2, type: 'partition', groups: [['node-01']], clients: false, forMs: expect.any(Number) },
    ]);
    expect(shown).toMatch(/^isolate node-02 --clients {2}for .*\npartition node-01 +for .*$/);
  });

  it('are healed, all of them or those that name a node', async () => {
    const world = fakeWorld();
    await run(world, 'isolate node-02');
    await run(world, 'slow node-03 5ms');
    expect((await run(world, 'heal node-04')).shown).toBe(
      'no fault names node-04; in force: isolate node-02; slow node-03 5ms',
    );
    expect(await run(world, 'heal 3')).toMatchObject({
      principal: 1,
      shown: expect.stringMatching(/^healed: slow node-03 5ms, after /),
    });
    expect(await run(world, 'heal')).toMatchObject({ principal: 1, document: { inForce: 0 } });
    expect(await run(world, 'heal')).toMatchObject({ principal: 0, shown: 'no fault was in force' });
  });
});

describe('what they do to the quorum', () => {
  const saidOf = async (world: FakeWorld, line: string) => (await run(world, line)).said.trim().split('\n').at(-1);

  it('is said before, of all that keeps nodes from each other and of disks that take no writes', async () => {
    const world = fakeWorld();
    expect(await saidOf(world, 'partition node-03')).toBe('3 of 4 together: the quorum holds (it needs 3)');
    expect(await saidOf(world, 'disk node-04 full')).toBe('2 of 4 together: writes will block (the quorum needs 3)');
    expect(await saidOf(world, 'isolate node-02')).toBe('1 of 4 together: writes stay blocked (the quorum needs 3)');
    expect(await saidOf(fakeWorld(), 'disk node-04 failing')).toBe('3 of 4 left: the quorum holds (it needs 3)');
    for (const line of ['slow node-02 5ms', 'flaky node-02 5%', 'disk node-02 slow 5ms', 'heal']) {
      expect(await saidOf(fakeWorld(), line)).toBe('');
    }
  });

  it('is said of a link that loses everything or is too slow for an election, as of a cut', async () => {
    expect(await saidOf(fakeWorld(), 'flaky all 100%')).toBe('1 of 4 together: writes will block (the quorum needs 3)');
    expect(await saidOf(fakeWorld(), 'slow followers 30s')).toBe(
      '1 of 4 together: writes will block (the quorum needs 3)',
    );
    expect(await saidOf(fakeWorld(), 'flaky node-02 100%')).toBe('3 of 4 together: the quorum holds (it needs 3)');
    expect(await saidOf(fakeWorld(), 'slow leader 30s')).toContain('node-01 leads and will not');
  });

  it('is that another one must lead, where the leader is in the smaller part', async () => {
    expect(await saidOf(fakeWorld(), 'isolate leader')).toBe(
      '3 of 4 together: the quorum holds (it needs 3); node-01 leads and will not: one of node-02, node-03, node-04 is elected',
    );
  });

  it('counts one direction as none: who does not answer does not count', async () => {
    const world = fakeWorld();
    await run(world, 'stop node-04');
    expect(await saidOf(world, 'cut node-01->node-02 node-02->node-03 node-03->node-01')).toBe(
      '1 of 4 together: writes will block (the quorum needs 3)',
    );
  });

  it('is counted in both sets while voters change', async () => {
    const world = fakeWorld();
    const [first, second, third, fourth] = world.control.membership.voters;
    world.control.membership = {
      ...world.control.membership,
      voters: [first!, second!, fourth!],
      outgoing: [first!, second!, third!],
    };
    expect(await saidOf(world, 'partition node-01,node-03')).toBe(
      '1 of 3 and 2 of 3 together: writes will block (the quorum needs 2 and 2)',
    );
  });

  it('counts in the forecast of what is done next', async () => {
    const world = fakeWorld();
    await run(world, 'isolate node-02');
    expect(await saidOf(world, 'kill node-04')).toBe('2 of 4 together: writes will block (the quorum needs 3)');
  });

  it('is asked about on a terminal before the quorum is lost, and only then', async () => {
    const questions: string[] = [];
    const world = fakeWorld('prompt', {
      confirm: async (question) => {
        questions.push(question);
        return false;
      },
    });
    await run(world, 'isolate node-02');
    expect(questions).toEqual([]);
    await expect(refusal(world, 'partition node-03,node-04')).resolves.toMatchObject({
      code: 'aborted',
      message: 'partition: nothing was done',
    });
    expect(questions).toEqual(['partition node-03,node-04 all the same?']);
    await expect(refusal(world, 'flaky followers 100%')).resolves.toMatchObject({ code: 'aborted' });
    await expect(refusal(world, 'slow followers 30s')).resolves.toMatchObject({ code: 'aborted' });
    expect(questions).toHaveLength(3);
    await run(world, 'partition node-03,node-04 --yes');
    expect(world.control.faults).toHaveLength(2);
    expect(questions).toHaveLength(3);
  });
});

describe('a fault that cannot be', () => {
  it.each([
    ['isolate node-9', 'no-such-node', "no node 'node-9'"],
    ['partition node-01,node-01', 'usage', 'partition: node-01 is named twice'],
    ['partition leader node-01', 'usage', 'partition: node-01 is named twice'],
    ['partition all', 'usage', 'partition: expected two groups, got one of all nodes'],
    [
      'partition node-01,',
      'usage',
      "A,B: expected nodes with commas between them, such as node-01,node-02, got 'node-01,'",
    ],
    ['cut node-01', 'usage', "A->B: expected A->B, such as leader->node-02 (in a shell in quotes), got 'node-01'"],
    ['cut node-01-', 'usage', "A->B: expected A->B, such as leader->node-02 (in a shell in quotes), got 'node-01-'"],
    ['cut node-01->', 'usage', 'A->B: expected A->B'],
    ['cut node-01->node-02->node-03', 'usage', 'A->B: expected A->B'],
    ['cut node-01->1', 'usage', 'cut: expected two nodes, got node-01 twice'],
    ['slow node-02', 'usage', 'slow needs DELAY'],
    ['slow node-02 100', 'usage', "DELAY: expected a duration such as 250ms, 3s or 1m, at most 500h, got '100'"],
    ['slow node-02 -5ms', 'usage', "DELAY: expected a duration such as 250ms, 3s or 1m, at most 500h, got '-5ms'"],
    ['slow node-02 0ms', 'usage', 'slow: expected a delay of more than 0ms and at most 1m, got 0ms'],
    ['slow node-02 2m', 'usage', 'slow: expected a delay of more than 0ms and at most 1m, got 120000ms'],
    ['slow node-02 5ms --jitter 9ms', 'usage', 'slow: expected a jitter of at most the delay, 5ms, got 9ms'],
    ['flaky node-02 10', 'usage', "P%: expected a percentage such as 10%, more than 0% and at most 100%, got '10'"],
    ['flaky node-02 101%', 'usage', "got '101%'"],
    ['flaky node-02 0%', 'usage', "got '0%'"],
    ['flaky node-02 -1%', 'usage', "P%: expected a percentage such as 10%, more than 0% and at most 100%, got '-1%'"],
    ['disk node-02 broken', 'usage', "HOW: expected slow or full or failing, got 'broken'"],
    ['disk node-02 slow', 'usage', 'disk: expected a delay behind slow, got none'],
    ['disk node-02 full 5ms', 'usage', "disk: a full disk takes no delay, got '5ms'"],
    ['heal node-9', 'no-such-node', "no node 'node-9'"],
  ])('%s', async (line, code, message) => {
    const world = fakeWorld('one-shot');
    const error = await refusal(world, line);
    expect({ code: error.code, message: error.message }).toEqual({ code, message: expect.stringContaining(message) });
    expect(world.control.done).toEqual([]);
  });

  it('of a node that has left says so', async () => {
    const world = fakeWorld();
    world.control.membership = { ...world.control.membership, former: [{ id: asNodeId('node-07'), incarnation: 1 }] };
    expect((await refusal(world, 'isolate node-07')).message).toBe('node-07 has left the cluster');
    expect((await refusal(world, 'kill node-07')).message).toBe('node-07 has left the cluster');
  });
});

describe('faults in force', () => {
  it('are in NETWORK, the title and the closing line of status', async () => {
    const world = fakeWorld();
    for (const line of [
      'partition node-03',
      'cut node-01->node-02',
      'slow node-02 100ms --jitter 20ms',
      'flaky node-02 10%',
      'disk node-04 full',
    ]) {
      await run(world, line);
    }
    const { shown, document } = await run(world, 'status');
    expect(shown.split('\n')[0]).toMatch(/ · 5 faults$/);
    expect(shown).toMatch(/^node-01 .* only with node-02, node-04; cut to node-02 /m);
    expect(shown).toMatch(/^node-02 .* cut from node-01; slow 100 ms ± 20 ms; flaky 10% /m);
    expect(shown).toMatch(/^node-03 .* alone /m);
    expect(shown).toMatch(/^node-04 .* disk full /m);
    expect(shown.split('\n').at(-1)).toBe(
      'in force: partition node-03; cut node-01->node-02; slow node-02 100ms --jitter 20ms; …: heal',
    );
    expect(document).toMatchObject({
      faults: ['partition node-03', expect.anything(), expect.anything(), expect.anything(), 'disk node-04 full'],
    });
    const node = await run(world, 'status node-04');
    expect(node.document).toMatchObject({ faults: ['only with node-01, node-02', 'disk full'] });
    expect(node.shown).toMatch(/^faults +only with node-01, node-02; disk full$/m);
  });

  it('are what a data command that fails under them points at', async () => {
    const world = fakeWorld();
    const { control, client } = world;
    await run(world, 'isolate node-01');
    const late = async () => {
      client.failure = Object.assign(await refusal(fakeWorld(), 'isolate node-9'), {
        code: 'timeout',
        definite: false,
      });
      return refusal(world, 'put key value --via node-01');
    };
    expect(await late()).toMatchObject({ code: 'timeout', hint: 'in force: isolate node-01: heal' });
    await run(world, 'isolate node-02');
    expect(await late()).toMatchObject({
      code: 'quorum-lost',
      message: expect.stringContaining('the quorum is lost: 2 of 4 together, 3 needed'),
      hint: 'heal',
    });
    await run(world, 'stop node-04');
    expect(await late()).toMatchObject({ hint: 'heal; start down' });
    expect(control.faults.map(({ fault }) => ('node' in fault ? fault.node : null))).toEqual([one, two]);
  });
});
