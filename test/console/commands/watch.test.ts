import { describe, expect, it } from 'vitest';
import { asNodeId, asRevision, RaftctlError } from '../../../src/base/index.js';
import type { Client, KeyEvent, Watch } from '../../../src/client/index.js';
import { literalArg, TABLE } from '../../../src/console/commands/index.js';
import { execute } from '../../../src/console/execute.js';
import { outputOf } from '../../../src/console/results.js';
import type { Scope } from '../../../src/console/scope.js';
import type { Origin } from '../../../src/console/surface.js';
import { capturedPrinter, fakeWorld } from '../fakes.js';

const event = (modRevision: number, key: string, value: string | null): KeyEvent => ({
  type: value === null ? 'delete' : 'put',
  key: Buffer.from(key),
  value: Buffer.from(value ?? ''),
  createRevision: asRevision(value === null ? 0 : modRevision),
  modRevision: asRevision(modRevision),
  version: value === null ? 0 : 1,
});

const EVENTS = [event(8, 'a', '1'), event(9, 'b', 'x\x1b[2J'), event(10, 'a', null)];

/** Brings the events, then waits for its signal; or fails with the error. */
function watchOf(events: readonly KeyEvent[], signal: AbortSignal | undefined, failure?: RaftctlError): Watch {
  const left = [...events];
  const watch: Watch = {
    started: failure
      ? Promise.reject(failure)
      : Promise.resolve({ revision: asRevision(8), node: asNodeId('node-02') }),
    next: () => {
      const value = left.shift();
      if (value !== undefined) return Promise.resolve({ done: false, value });
      return new Promise((_, reject) => {
        const abort = (): void => reject(new RaftctlError('aborted', 'watch: aborted'));
        if (signal?.aborted) abort();
        else signal?.addEventListener('abort', abort);
      });
    },
    return: () => Promise.resolve({ done: true, value: undefined }),
    [Symbol.asyncIterator]: () => watch,
  };
  return watch;
}

interface Ran {
  readonly asked: Parameters<Client['watch']>[];
  readonly outcome: Promise<{ readonly principal: unknown; readonly document: unknown }>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly interrupt: () => void;
}

function run(
  words: readonly string[],
  {
    origin = 'one-shot',
    terminal = false,
    json = false,
    failure,
    scope = {},
  }: {
    readonly origin?: Origin;
    readonly terminal?: boolean;
    readonly json?: boolean;
    readonly failure?: RaftctlError;
    readonly scope?: Partial<Scope>;
  } = {},
): Ran {
  const { workspace, client } = fakeWorld(origin, {}, scope);
  const asked: Parameters<Client['watch']>[] = [];
  client.watching = (...of) => {
    asked.push(of);
    return watchOf(EVENTS, of[1]?.signal, failure);
  };
  const printer = capturedPrinter(terminal);
  const controller = new AbortController();
  const call = TABLE.bind(words.map(literalArg), origin);
  return {
    asked,
    outcome: execute(workspace, outputOf(printer, json ? 'json' : 'text'), call, { signal: controller.signal }),
    stdout: printer.stdout,
    stderr: printer.stderr,
    interrupt: () => controller.abort(),
  };
}

const refusal = (ran: Ran) =>
  ran.outcome.then(
    () => Promise.reject(new Error('it was accepted')),
    (error: unknown) => error as RaftctlError,
  );

describe('watch', () => {
  it('when events come, prints a line for each, and says beside them where it began', async () => {
    const ran = run(['watch', '*', '--count', '3']);
    expect((await ran.outcome).principal).toBe(3);
    expect(ran.stdout()).toBe('8\tput\ta\t1\n9\tput\tb\tx\x1b[2J\n10\tdelete\ta\n');
    expect(ran.stderr()).toBe('watching * from revision 8 on, at node-02\n');
  });

  it('when a terminal looks on, it sees no control sequences', async () => {
    const ran = run(['watch', 'a', '--count', '2'], { terminal: true });
    await ran.outcome;
    expect(ran.stdout()).toContain('x\\x1b[2J');
    expect(ran.stdout()).not.toContain('\x1b[2J');
  });

  it('when JSON is asked for, each event is a document on a line, and nothing else is printed', async () => {
    const ran = run(['watch', 'a', '--count', '3'], { json: true });
    expect((await ran.outcome).document).toBeNull();
    const lines = ran.stdout().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { type: 'put', key: 'a', value: '1', createRevision: 8, modRevision: 8, version: 1 },
      { type: 'put', key: 'b', value: 'x\x1b[2J', createRevision: 9, modRevision: 9, version: 1 },
      { type: 'delete', key: 'a', value: null, createRevision: 0, modRevision: 10, version: 0 },
    ]);
  });

  it('when the key ends with *, it is a prefix; a revision and a node are passed on', async () => {
    const target = async (...words: string[]) => {
      const ran = run(['watch', ...words, '--count', '1']);
      await ran.outcome;
      return ran.asked[0]!;
    };
    expect((await target('a'))[0]).toEqual(Buffer.from('a'));
    expect((await target('user/*'))[0]).toEqual({ prefix: Buffer.from('user/') });
    expect((await target('*'))[0]).toEqual({ prefix: Buffer.alloc(0) });
    expect((await target('a', '--from', '5', '--via', '3'))[1]).toMatchObject({ from: 5, via: 'node-03' });
    expect((await target('a', '--via', 'follower'))[1]).toMatchObject({ via: 'follower' });
  });

  it('when it is interrupted, it ends without a failure; one that counts has not seen enough', async () => {
    const endless = run(['watch', 'a'], { scope: { timeoutMs: 1 } });
    endless.interrupt();
    expect((await endless.outcome).principal).toBe(3);
    const counting = run(['watch', 'a', '--count', '4']);
    counting.interrupt();
    expect((await refusal(counting)).code).toBe('aborted');
  });

  it('when it stands in a script, it has the bound that every command has', async () => {
    const ran = run(['watch', 'a', '--timeout', '1ms'], { origin: 'script' });
    expect((await refusal(ran)).code).toBe('timeout');
    const spec = TABLE.get('watch')!;
    const call = TABLE.bind(['watch', 'a'].map(literalArg), 'script');
    expect((['script', 'prompt', 'one-shot'] as const).map((origin) => spec.unbounded?.(call, origin))).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('when the revision is gone, that is the failure', async () => {
    const failure = new RaftctlError('revision-gone', 'gone: the oldest that can be had is 7');
    expect((await refusal(run(['watch', 'a', '--from', '1'], { failure }))).exitCode).toBe(1);
  });

  it('when a number makes no sense, nothing is watched', async () => {
    for (const words of [
      ['a', '--from', '0'],
      ['a', '--count', '0'],
    ]) {
      const ran = run(['watch', ...words]);
      expect(await refusal(ran)).toMatchObject({ code: 'usage', message: expect.stringContaining('at least 1') });
      expect(ran.asked).toEqual([]);
    }
  });
});
