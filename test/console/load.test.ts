import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, RaftctlError } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realRandom } from '../../src/base/real/random.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { literalArg, TABLE } from '../../src/console/commands/index.js';
import { execute } from '../../src/console/execute.js';
import { type LoadMessage, type LoadRequest, runLoad, SampledRecorder } from '../../src/console/load/index.js';
import { stripText } from '../../src/console/load/strip.js';
import { outputOf, printOutcome } from '../../src/console/results.js';
import type { Surface } from '../../src/console/surface.js';
import { type Operation, parseHistory } from '../../src/verify/history/index.js';
import { type LoadResult, loadOptions, MIXES } from '../../src/verify/load/index.js';
import { ManualTime } from '../helpers/manual-time.js';
import { MapStore } from '../verify/load/map-store.js';
import { capturedPrinter, fakeWorld } from './fakes.js';

const RESULT: LoadResult = {
  acknowledged: 3_000,
  writes: 1_500,
  failed: 1,
  unknown: 2,
  lost: 0,
  lostKeys: [],
  unchecked: null,
  seconds: 10,
  throughput: 300,
  p50Ms: 1.2,
  p95Ms: 2.3,
  p99Ms: 4.1,
  maxMs: 210,
  longestGapMs: 312,
  firstFailure: 'nobody leads',
  stopped: false,
  watches: [],
};

const never = new AbortController().signal;
const bind = (line: string) => TABLE.bind(line.split(' ').map(literalArg), 'prompt');

function run(line: string, surface: Partial<Surface>, signal = never) {
  const world = fakeWorld('prompt', surface);
  const printer = capturedPrinter();
  const told: string[] = [];
  const call = bind(line);
  const outcome = execute(world.workspace, outputOf(printer, 'text'), call, {
    signal,
    progress: (text) => told.push(text),
  });
  return { ...world, printer, told, outcome };
}

describe('load', () => {
  it('tells its worker what to do, and has the documented result', async () => {
    let asked: LoadRequest | undefined;
    const { outcome } = run('load mixed --rate 300 --for 30s --clients 8 --keys 50 --value 64 --via follower', {
      runLoad: async (request) => {
        asked = request;
        return RESULT;
      },
    });
    const { document, principal, text } = await outcome;
    expect(asked).toMatchObject({
      type: 'load',
      endpoints: ['127.0.0.1:3331', '127.0.0.1:3332', '127.0.0.1:3333', '127.0.0.1:3334'],
      clusterId: '00112233445566778899aabbccddeeff',
      connections: 8,
      options: {
        mix: MIXES.mixed,
        rate: 300,
        durationMs: 30_000,
        clients: 8,
        keys: 50,
        valueBytes: 64,
        via: 'follower',
        timeoutMs: 10_000,
      },
    });
    expect(asked!.options.keyPrefix).toBe(`load/${asked!.options.name}/`);
    expect(principal).toBe(3_000);
    expect(Object.keys(document as object).join()).toBe(
      'op,acknowledged,writes,failed,unknown,lost,lostKeys,unchecked,seconds,throughput,p50Ms,p95Ms,p99Ms,maxMs,longestGapMs,stopped,firstFailure,clients,keys,valueBytes,rate,keyPrefix',
    );
    expect(text({ terminal: false } as never)).toBe(
      [
        'acknowledged  3,000 (1,500 writes) in 10 s, 300/s',
        'failed        1: at first nobody leads',
        'unknown       2',
        'lost          0',
        'latency       p50 1.2 ms · p95 2.3 ms · p99 4.1 ms · max 210 ms',
        'longest gap   312 ms',
        'load          mixed: 8 clients, 300 a second, 50 keys, 64 bytes',
      ].join('\n'),
    );
  });

  it('that lost something is a violation, exit code 7', async () => {
    const runLoad = async () => ({ ...RESULT, lost: 2, lostKeys: ['load/x/7'] });
    const { outcome, printer } = run('load put', { runLoad });
    expect(printOutcome(await outcome, printer, 'text')).toBe(7);
    expect(printer.stderr()).toContain('2 acknowledged writes are lost, of load/x/7');
  });

  it('that could not read its keys back does not say that nothing is lost, and is no pass', async () => {
    const runLoad = async () => ({ ...RESULT, lost: null, unchecked: 'get: no node answered' });
    const { outcome, printer } = run('load put', { runLoad });
    const { document, text } = await outcome;
    expect(document).toMatchObject({ lost: null, unchecked: 'get: no node answered' });
    expect(text({ terminal: false } as never)).toContain(
      'lost          not known: the keys could not be read back: get: no node answered',
    );
    expect(printOutcome(await outcome, printer, 'text')).toBe(5);
    expect(printer.stderr()).toContain('whether anything is lost is not known: get: no node answered');
  });

  it.each([
    [{ failed: 40, firstFailure: 'put: no leader' }, 'nothing was acknowledged: at first put: no leader'],
    [{ failed: 40, firstFailure: 'put: value: expected at most 64 bytes, got 256' }, 'got 256'],
    [{ failed: 0, firstFailure: null, stopped: true }, 'it was ended before anything was acknowledged'],
  ])('that got nothing acknowledged has failed, and says why: %j', async (result, why) => {
    const nothing = { acknowledged: 0, writes: 0, unknown: 0, lost: 0, ...result };
    const { outcome, printer } = run('load put', { runLoad: async () => ({ ...RESULT, ...nothing }) });
    expect(printOutcome(await outcome, printer, 'text')).toBe(1);
    expect(printer.stderr()).toContain(why);
  });

  it('that lived through a dead leader is a pass: some failed, some are unknown, nothing is lost', async () => {
    const { outcome, printer } = run('load put', { runLoad: async () => ({ ...RESULT, failed: 300, unknown: 20 }) });
    expect(printOutcome(await outcome, printer, 'text')).toBe(0);
  });

  it('that cannot even begin is none that runs', async () => {
    const world = fakeWorld('prompt', { runLoad: async () => RESULT });
    world.control.events.last = async () => {
      throw new RaftctlError('unreachable', 'nobody tells');
    };
    const call = execute(world.workspace, outputOf(capturedPrinter(), 'text'), bind('load put'), { signal: never });
    await expect(call).rejects.toThrow('nobody tells');
    expect(world.workspace.scope.loads.all.filter(({ hasEnded }) => !hasEnded)).toEqual([]);
    expect(world.workspace.scope.recorded.loadsLeftOut).toEqual([]);
  });

  it('interrupted, it ends with its result', async () => {
    const interrupt = new AbortController();
    const { outcome } = run(
      'load put --for 1h',
      {
        runLoad: (_request, _hear, signal) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => setTimeout(() => resolve({ ...RESULT, stopped: true }), 400));
            interrupt.abort();
          }),
      },
      interrupt.signal,
    );
    expect((await outcome).document).toMatchObject({ stopped: true, acknowledged: 3_000 });
  });

  it('ends when the cluster is taken down', async () => {
    const world = run('load put --for 1h', {
      runLoad: (_request, _hear, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(RESULT));
          world.control.happens('cluster-stopping', { name: 'demo' });
        }),
    });
    await world.outcome;
  });

  it('says how it does, and hands the history what its worker saw', async () => {
    const store = new MapStore();
    const { outcome, workspace, told } = run('load put --rate 100 --for 1s', { runLoad: runOn(store) });
    await outcome;
    expect(told[0]).toMatch(/^load put .*\/s · .* ok · 0 failed · 0 unknown/);
    const { count } = workspace.scope.recorded;
    expect(count).toBeGreaterThan(95);
    const [only] = workspace.scope.loads.all;
    expect(only).toMatchObject({ line: 'load put --rate 100 --for 1s', hasEnded: true });
    expect(only!.figures!.total.ok).toBe(count);
  });

  it('whose worker was killed fails, and is left out of the history', async () => {
    const { outcome, workspace } = run('load put', {
      runLoad: async (_request, hear) => {
        hear({ type: 'operations', count: 1, lines: '{}' });
        throw new RaftctlError('command-failed', 'the load failed: its process was ended by SIGKILL');
      },
    });
    await expect(outcome).rejects.toThrow('ended by SIGKILL');
    expect(workspace.scope.recorded.loadsLeftOut).toHaveLength(1);
    expect(workspace.scope.loads.all[0]!.hasEnded).toBe(true);
  });

  it.each([
    ['load put --for 0s', '--for: expected some time'],
    ['load put --rate 0', '--rate: expected at least 1, got 0'],
    ['load put --clients 100000', '--clients: expected at most 10000'],
    ['load put --value 99999999', '--value: expected at most'],
    ['load put --via node-99', "no node 'node-99'"],
  ])('%s is refused', async (line, message) => {
    await expect(run(line, { runLoad: async () => RESULT }).outcome).rejects.toThrow(message);
  });

  it('strange operations are refused by name', () => {
    expect(() => bind('load pot')).toThrow("OP: expected put or get or mixed; did you mean put?, got 'pot'");
  });
});

/** The worker's part, in this process, on real time. */
const runOn =
  (store: MapStore): NonNullable<Surface['runLoad']> =>
  async (request, hear, signal) => {
    let result: LoadResult | undefined;
    const tell = (message: LoadMessage) => {
      // As it crosses to the console.
      const told = JSON.parse(JSON.stringify(message)) as LoadMessage;
      if (told.type === 'result') result = told.result;
      else hear(told);
    };
    const time = { clock: realClock, scheduler: realScheduler, random: realRandom };
    await runLoad(request, { client: store, ...time, tell, signal });
    return result!;
  };

describe('stat', () => {
  const figures = (ok: number) => {
    const window = { ok, failed: 1, unknown: 2, throughput: 297, p50Ms: 1.2, p99Ms: 4.1, maxMs: 210 };
    return {
      seconds: 40,
      inFlight: 3,
      total: window,
      lastSecond: window,
      lastTen: window,
      longestGapMs: 312,
      gapMs: 3,
    };
  };

  /** A cluster whose leader commits so many entries from one look to the next, and a load that runs. */
  const world = (commits: number) => {
    const it = fakeWorld('prompt');
    const view = it.control.view.bind(it.control);
    let looks = 0;
    it.control.view = async () => {
      const seen = await view();
      looks += 1;
      const nodes = seen.nodes.map((node) => ({
        ...node,
        status: node.status && { ...node.status, commitIndex: asIndex(100 + commits * looks) },
      }));
      return { ...seen, nodes };
    };
    it.workspace.scope.loads.begin({ line: 'load mixed --rate 300', name: 'a1' }).figures = figures(11_204);
    return it;
  };

  it('counts commits over a second, and shows the loads of this console', async () => {
    const { workspace } = world(500);
    const printer = capturedPrinter(true);
    const outcome = await execute(workspace, outputOf(printer, 'text'), bind('stat'), { signal: never });
    const { document, principal, text } = outcome;
    expect(principal).toBeGreaterThan(300);
    expect(principal).toBeLessThan(510);
    expect(document).toMatchObject({
      commitIndex: 1_100,
      leader: 'node-01',
      term: 1,
      loads: [{ load: 'load mixed --rate 300', name: 'a1', running: true, longestGapMs: 312, total: { ok: 11_204 } }],
    });
    expect(Object.keys(document as object).join()).toBe('commitsPerSecond,commitIndex,leader,term,loads');
    expect(text(printer.view)).toMatch(
      /^demo {2}4\/4 up · leader node-01 · term 1 · \d+ commits\/s · commit 1100\nload mixed --rate 300 {2}running\n/,
    );
    expect(text(printer.view)).toContain(
      '297/s · 11,204 ok · 1 failed · 2 unknown · p50 1.2 ms · p99 4.1 ms · max 210 ms',
    );
    expect(text(printer.view)).toContain('longest 312 ms, now 3 ms');
  });

  it('does not know what is committed while nobody leads', async () => {
    const { control, workspace } = world(500);
    control.holdElections = true;
    await control.lifecycle('kill', asNodeId('node-01'));
    const { principal, text } = await execute(workspace, outputOf(capturedPrinter(), 'text'), bind('stat'), {
      signal: never,
    });
    expect(principal).toBeNull();
    expect(text({ terminal: false } as never)).toMatch(/^demo {2}3\/4 up · no leader · term 1 · commits not known/);
  });

  it('watched, it is drawn in place on a terminal, and a line a second elsewhere', async () => {
    for (const isTerminal of [true, false]) {
      const { workspace } = world(500);
      const printer = capturedPrinter(isTerminal);
      const stop = new AbortController();
      const items: string[] = [];
      const output = {
        ...outputOf(printer, 'text'),
        item: (_: unknown, text: string) => {
          items.push(text);
          if (items.length === 2) stop.abort();
        },
      };
      await execute(workspace, output, bind('stat --watch'), { signal: stop.signal });
      expect(items).toHaveLength(2);
      if (isTerminal) expect(items[1]).toMatch(/^\x1b\[H\x1b\[2Jdemo {2}4\/4 up/);
      else
        expect(items[1]).toMatch(/^\d+ commits\/s · leader node-01 · term 1 · load mixed --rate 300: 297\/s · [^\n]*$/);
    }
  });
});

describe('the strip of a load', () => {
  const quiet = { ok: 0, failed: 0, unknown: 0, throughput: 0, p50Ms: null, p99Ms: null, maxMs: null };

  it('is one line: rate, outcomes, latency, longest gap', () => {
    const lastTen = { ...quiet, ok: 3_000, p50Ms: 1.234, p99Ms: 41.26 };
    expect(
      stripText({
        seconds: 40,
        inFlight: 3,
        total: { ...lastTen, ok: 11_204, failed: 1, unknown: 2 },
        lastSecond: { ...lastTen, throughput: 299.6 },
        lastTen,
        longestGapMs: 312.4,
        gapMs: 3,
      }),
    ).toBe('300/s · 11,204 ok · 1 failed · 2 unknown · p50 1.2 ms · p99 41 ms · gap 312 ms');
  });

  it('says how long nobody has answered', () => {
    const figures = {
      seconds: 4,
      inFlight: 3,
      total: quiet,
      lastSecond: quiet,
      lastTen: quiet,
      longestGapMs: 2_100,
      gapMs: 2_100,
    };
    expect(stripText(figures)).toBe('0/s · no answer for 2100 ms · 0 ok · 0 failed · 0 unknown · gap 2100 ms');
  });
});

describe('what a worker records', () => {
  const put = (line: number, key: string): Operation => ({
    type: 'put',
    line,
    client: 'a.1',
    key,
    value: `v${line}`,
    outcome: 'ok',
    call: line * 1e6,
    return: line * 1e6 + 5,
    revision: line,
    node: asNodeId('node-01'),
  });

  it('is everything, as long as it is not too much', () => {
    const time = new ManualTime();
    const recorder = new SampledRecorder(time);
    for (let nth = 1; nth <= 3_000; nth += 1) {
      expect(recorder.wants(`k${nth}`)).toBe(true);
      recorder.record(put(nth, `k${nth}`));
    }
    const { count, lines } = recorder.take();
    expect(count).toBe(3_000);
    expect(parseHistory(lines.split('\n')).operations).toHaveLength(3_000);
    expect(recorder.take()).toEqual({ count: 0, lines: '' });
  });

  it('becomes fewer keys, each of them whole; what was under way on the others may have happened', () => {
    const time = new ManualTime();
    const recorder = new SampledRecorder(time);
    let line = 0;
    for (let second = 0; second < 5; second += 1) {
      for (let nth = 0; nth < 10_000; nth += 1) {
        const key = `k${nth % 500}`;
        if (!recorder.wants(key)) continue;
        line += 1;
        recorder.record(put(line, key));
      }
      time.advance(1_000);
    }
    recorder.take();
    const kept = Array.from({ length: 500 }, (_, nth) => `k${nth}`).filter((key) => recorder.wants(key));
    expect(kept.length).toBeGreaterThan(50);
    expect(kept.length).toBeLessThan(250);
    const dropped = Array.from({ length: 500 }, (_, nth) => `k${nth}`).find((key) => !recorder.wants(key))!;
    recorder.record(put(line + 1, dropped));
    recorder.record({ ...put(line + 2, dropped), type: 'get', output: 'x' } as Operation);
    const { operations } = parseHistory(recorder.take().lines.split('\n'));
    expect(operations).toMatchObject([{ key: dropped, outcome: 'unknown', revision: null }]);
  });
});

describe('the load of a worker', () => {
  it('ends early when it is told to, with its result', async () => {
    const stop = new AbortController();
    const messages: LoadMessage[] = [];
    const options = loadOptions({ name: 'a', rate: 100, durationMs: 60_000 });
    const request: LoadRequest = { type: 'load', endpoints: [], clusterId: '', connections: 1, options };
    const time = { clock: realClock, scheduler: realScheduler, random: realRandom };
    await runLoad(request, {
      client: new MapStore(),
      ...time,
      signal: stop.signal,
      tell: (message) => {
        messages.push(message);
        if (message.type === 'figures') stop.abort();
      },
    });
    expect(messages.at(-1)).toMatchObject({ type: 'result', result: { stopped: true, lost: 0, failed: 0 } });
  });
});
