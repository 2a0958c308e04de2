import { describe, expect, it } from 'vitest';
import { asNodeId, type NodeId, RaftctlError } from '../../../src/base/index.js';
import { literalArg, TABLE } from '../../../src/console/commands/index.js';
import type { Workspace } from '../../../src/console/context.js';
import { execute } from '../../../src/console/execute.js';
import { type Call, parseScript } from '../../../src/console/language/index.js';
import type { Outcome } from '../../../src/console/outcome.js';
import { toJson } from '../../../src/console/output/index.js';
import { outputOf } from '../../../src/console/results.js';
import type { Surface } from '../../../src/console/surface.js';
import { capturedPrinter, type FakeWorld, fakeWorld } from '../fakes.js';

const never = new AbortController().signal;

interface Ran {
  readonly outcome: Outcome;
  readonly said: string;
  readonly text: string;
}

async function run(world: FakeWorld, words: readonly string[], terminal = false): Promise<Ran> {
  const printer = capturedPrinter(terminal);
  const call = TABLE.bind(words.map(literalArg), world.workspace.surface.origin);
  const outcome = await execute(world.workspace, outputOf(printer, 'text'), call, { signal: never });
  return { outcome, said: printer.stderr(), text: outcome.text(printer.view).toString() };
}

const shot = (additions: Partial<Surface> = {}) => fakeWorld('one-shot', additions);
const refusal = (words: readonly string[], world = shot()) =>
  run(world, words).then(
    () => Promise.reject(new Error('it was accepted')),
    (error: unknown) => error as RaftctlError,
  );

describe('data commands', () => {
  it('when a value is put, OK is the answer, with its revision in the document', async () => {
    const world = shot();
    const { outcome, text } = await run(world, ['put', 'a', '1', '--via', '3']);
    expect(text).toBe('OK');
    expect(toJson(outcome.document)).toBe('{"key":"a","revision":1,"node":"node-01"}');
    expect(world.client.calls).toEqual([{ verb: 'put', via: 'node-03', read: undefined }]);
  });

  it('when a key is missing, a terminal shows (nil) and a pipe nothing; --exists makes it a failure', async () => {
    expect((await run(shot(), ['get', 'nope'], true)).text).toContain('(nil)');
    const { text, outcome } = await run(shot(), ['get', 'nope']);
    expect(text).toBe('');
    expect(outcome.unmet).toBeUndefined();
    expect((await run(shot(), ['get', 'nope', '--exists'])).outcome.unmet).toBe("there is no key 'nope'");
  });

  it('when a value has control sequences, a terminal does not see them and a pipe gets every byte', async () => {
    const world = shot();
    await run(world, ['put', 'evil', '\x1b[2J\x9bred']);
    expect((await run(world, ['get', 'evil'], true)).text).toBe('\\x1b[2J\\x9bred');
    expect((await run(world, ['get', 'evil'])).text).toBe('\x1b[2J\x9bred');
    expect((await run(world, ['scan'], true)).text).toBe('evil  \\x1b[2J\\x9bred');
  });

  it('when a value is no UTF-8, JSON carries it in base64', async () => {
    const world = shot();
    await run(world, ['put', 'raw', 'ff00', '--hex']);
    expect(toJson((await run(world, ['get', 'raw'])).outcome.document)).toContain('"value":{"base64":"/wA="}');
    expect((await run(world, ['get', 'raw', '--hex'])).text).toBe('ff00');
    expect((await refusal(['put', 'raw', 'xyz', '--hex'], world)).message).toBe("'xyz' is not hex");
  });

  it('when a value is -, standard input is read; behind -- it is a dash', async () => {
    const world = shot({ readInput: async () => Buffer.from('from input') });
    await run(world, ['put', 'a', '-']);
    await run(world, ['put', 'b', '--', '-']);
    expect((await run(world, ['scan'])).text).toBe('a\tfrom input\nb\t-');
    expect((await refusal(['put', 'a', '-'], shot())).message).toContain('reads standard input');
  });

  it('when a cas finds another value, it says false and is not met', async () => {
    const world = shot();
    await run(world, ['put', 'a', '1']);
    expect(await run(world, ['cas', 'a', '1', '2'])).toMatchObject({ text: 'true', outcome: { principal: true } });
    expect(await run(world, ['cas', 'a', '1', '3'])).toMatchObject({
      text: 'false',
      outcome: { principal: false, unmet: "'a' does not hold the expected value" },
    });
    expect(await run(world, ['cas', 'b', '1', '--absent'])).toMatchObject({ text: 'true' });
    expect((await refusal(['cas', 'a', '1'])).code).toBe('usage');
  });

  it('when there is more than the limit, scan says so', async () => {
    const world = shot();
    for (const key of ['a1', 'a2', 'b1']) await run(world, ['put', key, key]);
    const { said, text, outcome } = await run(world, ['scan', 'a', '--limit', '1']);
    expect(text).toBe('a1\ta1');
    expect(said).toContain("there is more after 'a1'");
    expect(outcome.principal).toBe(1);
  });

  it('when the quorum is lost, a timeout becomes that reason, and keeps what is known of the outcome', async () => {
    const world = shot();
    for (const node of ['2', '3']) await run(world, ['kill', node]);
    world.client.failure = new RaftctlError('timeout', 'put: no answer within 1000 ms; it may have happened', {
      definite: false,
    });
    const error = await refusal(['put', 'a', '1'], world);
    expect(error).toMatchObject({ code: 'quorum-lost', exitCode: 4, definite: false });
    expect(error.message).toContain('it may have happened; the quorum is lost: 2 of 4 up, 3 needed');
  });
});

describe('a NODE', () => {
  it.each([
    ['node-02', ['node-02']],
    ['3', ['node-03']],
    ['leader', ['node-01']],
    ['follower', ['node-02']],
    ['followers', ['node-02', 'node-03', 'node-04']],
    ['node-0[12]', ['node-01', 'node-02']],
    ['*', ['node-01', 'node-02', 'node-03', 'node-04']],
  ])('%s is resolved when the command runs', async (selector, nodes) => {
    const world = shot();
    await run(world, ['restart', selector]);
    expect(world.control.done).toEqual(nodes.map((node) => `restart ${node}`));
  });

  it('is said, when it was not named outright', async () => {
    expect((await run(shot(), ['kill', 'leader'])).said).toContain('leader -> node-01 (term 1)\n');
    expect((await run(shot(), ['kill', 'node-01'])).said).not.toContain('->');
  });

  it('that does not exist is an error with the valid names and the nearest', async () => {
    const error = await refusal(['kill', 'node-1O']);
    expect(error).toMatchObject({
      code: 'no-such-node',
      exitCode: 3,
      message: "no node 'node-1O'; did you mean node-01?",
    });
    expect(error.hint).toContain('nodes: node-01, node-02, node-03, node-04');
    expect((await refusal(['kill', '9'])).code).toBe('no-such-node');
  });

  it('called leader is never guessed when there is none', async () => {
    const world = shot();
    world.control.holdElections = true;
    await run(world, ['kill', 'leader']);
    expect(await refusal(['kill', 'leader'], world)).toMatchObject({ code: 'no-leader', exitCode: 4 });
    expect(await refusal(['kill', 'followers'], world)).toMatchObject({ code: 'no-leader' });
  });

  it('of a group is left out where the command does not apply', async () => {
    const world = shot();
    await run(world, ['kill', '2', '3']);
    await run(world, ['start', 'all']);
    expect(world.control.done).toEqual(['kill node-02', 'kill node-03', 'start node-02', 'start node-03']);
    expect((await refusal(['resume', 'all'], world)).message).toContain('there is no node to resume');
    expect((await refusal(['start', 'node-01'], world)).code).toBe('already-running');
  });
});

describe('restart --rolling', () => {
  it('takes the followers first and the leader last, each when the one before has caught up', async () => {
    const world = shot();
    await run(world, ['restart', 'all', '--rolling']);
    expect(world.control.done).toEqual(['restart node-02', 'restart node-03', 'restart node-04', 'restart node-01']);
  });

  it('stops at a node that does not catch up, and says so', async () => {
    const world = shot();
    world.control.states.set(asNodeId('node-03'), 'stopped');
    world.control.states.set(asNodeId('node-04'), 'stopped');
    const error = await refusal(['restart', 'node-02', '--rolling', '--timeout', '100ms'], world);
    expect(error).toMatchObject({ code: 'timeout', message: expect.stringContaining('node-02 has not caught up') });
  });
});

describe('transfer', () => {
  it('names who leads then, the term, and how long it took', async () => {
    const world = shot();
    const { text, outcome } = await run(world, ['transfer', '3']);
    expect(text).toBe('node-03 leads, term 2, 3 ms after it was asked of node-01');
    expect(outcome.document).toEqual({ from: 'node-01', leader: 'node-03', term: 2, tookMs: 3 });
    expect(outcome.principal).toBe('node-03');
    expect(world.control.done).toEqual(['transfer node-01 node-03']);
  });

  it('without a NODE leaves the choice to the leader; what it refuses is the answer', async () => {
    const world = shot();
    await run(world, ['transfer']);
    expect(world.control.done).toEqual(['transfer node-01 node-02']);
    expect(await refusal(['transfer', 'leader'], world)).toMatchObject({ code: 'transfer-failed', exitCode: 1 });
    expect(await refusal(['transfer', 'followers'], world)).toMatchObject({ code: 'usage' });
  });
});

describe('faults', () => {
  it('say before what they do to the quorum, and after what is', async () => {
    const world = shot();
    const { said, text } = await run(world, ['kill', 'node-01']);
    expect(said).toBe('3 of 4 left: the quorum holds (it needs 3)\n');
    expect(text).toBe('killed node-01 (leader, term 1, pid 4711)');
    expect((await run(world, ['kill', 'node-02'])).said).toBe('2 of 4 left: writes will block (the quorum needs 3)\n');
    expect((await run(world, ['kill', 'node-03'])).said).toBe(
      '1 of 4 left: writes stay blocked (the quorum needs 3)\n',
    );
  });

  it('count voters alone, and both sets of them while the membership changes', async () => {
    const world = shot();
    const { control } = world;
    const [one, two, three, four] = control.membership.members.map(({ id }) => id) as [NodeId, NodeId, NodeId, NodeId];
    control.membership = { ...control.membership, voters: [one, two, three], learners: [four] };
    expect((await run(world, ['kill', four])).said).toBe('3 of 3 left: the quorum holds (it needs 2)\n');
    control.membership = { ...control.membership, voters: [one, two, four], outgoing: [one, two, three] };
    expect((await run(world, ['kill', two])).said).toBe(
      '1 of 3 and 2 of 3 left: writes will block (the quorum needs 2 and 2)\n',
    );
  });

  it('name the members of now, not those of cluster.yaml', async () => {
    const world = shot();
    const { control } = world;
    const added = { id: asNodeId('node-09'), incarnation: 1, host: 'far', port: 9 };
    control.membership = { ...control.membership, members: [...control.membership.members.slice(1), added] };
    control.states.set(added.id, 'stopped');
    expect((await run(world, ['nodes'])).text).toContain('node-09  far:9');
    expect((await refusal(['kill', 'node-01'], world)).code).toBe('no-such-node');
    expect((await run(world, ['start', '9'])).text).toContain('started node-09');
  });

  it('ask on a terminal before the quorum is lost, and only then', async () => {
    const asked: string[] = [];
    const world = fakeWorld('prompt', {
      confirm: async (question) => {
        asked.push(question);
        return false;
      },
    });
    await run(world, ['kill', 'node-04']);
    expect(asked).toEqual([]);
    expect(await refusal(['kill', 'node-03'], world)).toMatchObject({
      message: 'kill: nothing was done',
      definite: true,
    });
    expect(asked).toEqual(['kill node-03 all the same?']);
    await run(world, ['kill', 'node-03', '--yes']);
    expect(world.control.done).toEqual(['kill node-04', 'kill node-03']);
  });
});

describe('what the cluster is doing', () => {
  it('status lists every node, dead ones too, and ends with the next useful command', async () => {
    const world = shot();
    await run(world, ['kill', '2']);
    const { text, outcome } = await run(world, ['status']);
    expect(text).toBe(
      [
        'demo  3/4 up · leader node-01 · term 1 · quorum ok',
        'NODE     ROLE      STATE    TERM  COMMIT  APPLIED  LAG  NETWORK  PID   UPTIME  RESTARTS  ADDRESS',
        'node-01  leader    running  1     12      12       0    ok       4711  1m 1s   0         127.0.0.1:3331',
        'node-02  -         stopped  -     -       -        -    -        -     -       0         127.0.0.1:3332',
        'node-03  follower  running  1     12      12       0    ok       4713  1m 1s   0         127.0.0.1:3333',
        'node-04  follower  running  1     12      9        3    ok       4714  1m 1s   0         127.0.0.1:3334',
        'node-02 is down: restart node-02',
      ].join('\n'),
    );
    expect(outcome.principal).toBe('ok');
  });

  it('status NODE has its role as principal value and its figures below it', async () => {
    const { outcome } = await run(shot(), ['status', '4']);
    expect(outcome.principal).toBe('follower');
    expect(outcome.document).toMatchObject({ node: 'node-04', role: 'follower', lag: 3, address: '127.0.0.1:3334' });
  });

  it('wait leader is true at once when there is one, and otherwise waits for it', async () => {
    const world = shot();
    expect((await run(world, ['wait', 'leader'])).text).toBe('node-01 (term 1)');
    world.control.holdElections = true;
    await run(world, ['kill', 'leader']);
    const waiting = run(world, ['wait', 'leader', '--not', 'node-01']);
    world.control.elect();
    expect((await waiting).outcome.document).toEqual({ node: 'node-02', term: 2, address: '127.0.0.1:3332' });
    expect(world.control.listening).toBe(0);
  });

  it('a wait that is in vain ends with a timeout that says how things are', async () => {
    const error = await refusal(['wait', 'leader', '--not', '1', '--timeout', '20ms']);
    expect(error).toMatchObject({ code: 'timeout', exitCode: 5 });
    expect(error.message).toContain('no leader other than node-01 within 20 ms (4/4 up, leader node-01, term 1)');
  });

  it('events are counted from a mark, waited for, and shown', async () => {
    const world = shot();
    world.control.happens('role-changed', { to: 'leader' }, world.control.config.nodes[0]!.id);
    await run(world, ['mark', 'here']);
    expect((await run(world, ['count', 'events', 'kind=role-changed', 'to=leader'])).outcome.principal).toBe(1);
    expect((await run(world, ['count', 'events', 'kind=role-changed', '--since', 'here'])).outcome.principal).toBe(0);
    const waiting = run(world, ['wait', 'event', 'kind=process-exited', 'node=node-02']);
    await Promise.resolve();
    world.control.happens('process-exited', { node: 'node-02', expected: false });
    expect((await waiting).outcome.principal).toBe('process-exited');
    expect((await run(world, ['logs', '--include', 'role'])).text).toContain('node-01 raft role-changed to=leader');
    expect((await run(world, ['count', 'logs', '--exclude', 'role'])).outcome.principal).toBe(1);
  });

  it('a kind of event that does not exist is an error, not a count of 0', async () => {
    expect((await refusal(['count', 'events', 'kind=role-chagned'])).message).toBe(
      "there is no event 'role-chagned'; did you mean role-changed?",
    );
    expect((await refusal(['count', 'events', 'kind=role-changed', '--since', 'x'])).message).toBe(
      "there is no mark 'x'",
    );
  });
});

describe('help', () => {
  it('leads with examples and is made from the table', async () => {
    const { text } = await run(shot(), ['help', 'kill']);
    expect(text.indexOf('Examples')).toBeLessThan(text.indexOf('Usage'));
    expect(text).toContain('kill NODE… [--signal S] [-y|--yes]');
  });

  it('of a first word shows all commands that begin with it', async () => {
    expect((await run(shot(), ['help', 'wait'])).text).toContain('wait event');
    expect((await refusal(['help', 'kil'])).message).toBe("there is no command 'kil'; did you mean kill?");
  });

  it('has an example for every command, and every example parses', () => {
    for (const spec of TABLE.specs) {
      expect(spec.examples.length, spec.name).toBeGreaterThan(0);
      const origin = spec.only?.[0] ?? 'script';
      for (const { line } of spec.examples) {
        const check = (call: Call) => TABLE.check(call, origin);
        expect(() => parseScript({ file: spec.name, text: line }, { check, known: ['old'] }), line).not.toThrow();
      }
    }
  });
});

describe('a command’s bound', () => {
  it('stands still while a person is asked', async () => {
    let answer: (yes: boolean) => void = () => {};
    const world = fakeWorld('prompt', {
      confirm: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    // A clock that runs only when it is told to: the longest wait that is pending is over at once.
    const pending = new Set<() => void>();
    const workspace: Workspace = {
      ...world.workspace,
      surface: {
        ...world.workspace.surface,
        scheduler: {
          defer: world.workspace.surface.scheduler.defer,
          after: (_ms, run) => {
            pending.add(run);
            return { cancel: () => pending.delete(run) };
          },
        },
      },
    };
    await run(world, ['kill', '4', '--yes']);
    const call = TABLE.bind(['kill', '3'].map(literalArg), 'prompt');
    const running = execute(workspace, outputOf(capturedPrinter(), 'text'), call, { signal: never });
    await new Promise(setImmediate);
    expect(pending.size).toBe(0);
    answer(true);
    expect((await running).principal).toBe('node-03');
    expect(pending.size).toBe(0);
  });
});

describe('what is taken as a signal, and how long a bound may be', () => {
  it.each(['SIGTERM', 'TERM', '15'])('kill --signal %s', async (signal) => {
    const asked: unknown[] = [];
    const world = shot();
    const lifecycle = world.control.lifecycle.bind(world.control);
    world.control.lifecycle = (action, node, ...options: readonly unknown[]) => {
      asked.push(...options);
      return lifecycle(action, node);
    };
    await run(world, ['kill', 'node-03', '--signal', signal]);
    expect(asked).toEqual([expect.objectContaining({ signal: 'SIGTERM' })]);
  });

  it('a signal that is none, and a bound that no timer can wait for, are refused', async () => {
    expect((await refusal(['kill', 'node-03', '--signal', 'TREM'])).code).toBe('usage');
    const error = await refusal(['get', 'a', '--timeout', '597h']);
    expect(error.message).toContain('at most 500h');
  });

  it('a listing of logs is in the order of time, not in that of hearsay', async () => {
    const world = shot();
    const event = (time: number) => ({
      node: asNodeId('node-01'),
      instance: 'i',
      sequence: time,
      component: 'raft',
      level: 'info' as const,
      event: 'vote-granted',
      fields: {},
      wall: 0,
      time,
    });
    world.control.events.append([event(7)]);
    await world.control.events.last();
    world.control.events.append([event(3)]);
    const { outcome } = await run(world, ['logs', '-n', '400']);
    expect(outcome.document).toMatchObject([{ time: 3 }, { time: 7 }]);
  });
});
