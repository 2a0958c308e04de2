import { describe, expect, it } from 'vitest';
import { literalArg, TABLE } from '../../../src/console/commands/index.js';
import { execute } from '../../../src/console/execute.js';
import { viewOf } from '../../../src/console/output/index.js';
import { outputOf, type Printer } from '../../../src/console/results.js';
import { type CapturedPrinter, capturedPrinter, type FakeWorld, fakeWorld } from '../fakes.js';

const never = new AbortController().signal;

async function status(world: FakeWorld, words: readonly string[], printer: CapturedPrinter, signal = never) {
  const call = TABLE.bind(['status', ...words].map(literalArg), world.workspace.surface.origin);
  return execute(world.workspace, outputOf(printer, 'text'), call, { signal });
}

describe('status NODE', () => {
  it('shows the log, the store, the process and the links of one node', async () => {
    const outcome = await status(fakeWorld(), ['node-04'], capturedPrinter());
    expect(outcome.document).toMatchObject({
      node: 'node-04',
      last: 12,
      persisted: 12,
      commit: 12,
      applied: 9,
      lag: 3,
      flushed: 0,
      revision: 5,
      rssBytes: 1,
      cpuMs: 1,
      links: [],
    });
    const text = outcome.text(viewOf({}, {})).toString();
    expect(text).toMatch(/^log +1 to 12, persisted 12, commit 12$/m);
    expect(text).toMatch(/^store +applied 9 \(lag 3\), flushed 0, revision 5$/m);
    expect(text).toMatch(/^memory .*resident/m);
  });
});

describe('the table of all nodes', () => {
  const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

  it.each([40, 60, 80, 100, 120])('does not wrap on a terminal of %i columns', async (columns) => {
    const outcome = await status(fakeWorld(), [], capturedPrinter());
    const text = outcome.text(viewOf({ isTTY: true, columns }, { NO_COLOR: '1' })).toString();
    const table = text.split('\n').slice(1).join('\n');
    expect(widest(table)).toBeLessThanOrEqual(columns);
    expect(table).toMatch(/^NODE +ROLE +STATE/);
  });

  it('has all its columns off a terminal, whatever its width', async () => {
    const outcome = await status(fakeWorld(), [], capturedPrinter());
    const text = outcome.text(viewOf({ columns: 40 }, {})).toString();
    for (const column of ['APPLIED', 'RESTARTS', 'ADDRESS']) expect(text).toContain(column);
  });
});

describe('status --watch', () => {
  /** Resolves when the next item was printed. */
  function watching(terminal: boolean): { readonly printer: CapturedPrinter; readonly printed: () => Promise<void> } {
    let tell = () => {};
    const inner = capturedPrinter(terminal, { NO_COLOR: '1' });
    const out: Printer['out'] = (text) => {
      inner.out(text);
      tell();
    };
    return { printer: { ...inner, out }, printed: () => new Promise((resolve) => (tell = resolve)) };
  }

  it('off a terminal prints a line per change, until it is interrupted', async () => {
    const world = fakeWorld();
    const { printer, printed } = watching(false);
    const interrupt = new AbortController();
    const first = printed();
    const watched = status(world, ['--watch'], printer, interrupt.signal);
    await first;
    const second = printed();
    await world.control.lifecycle('kill', world.control.config.nodes[1]!.id);
    await second;
    interrupt.abort();
    await watched;
    expect(printer.stdout()).toBe(
      'demo  4/4 up · leader node-01 · term 1 · quorum ok\ndemo  3/4 up · leader node-01 · term 1 · quorum ok\n',
    );
    expect(world.control.listening).toBe(0);
  });

  it('on a terminal draws the table anew', async () => {
    const { printer, printed } = watching(true);
    const interrupt = new AbortController();
    const first = printed();
    const watched = status(fakeWorld(), ['-w'], printer, interrupt.signal);
    await first;
    interrupt.abort();
    await watched;
    expect(printer.stdout()).toMatch(/^\x1b\[H\x1b\[2J.*\nNODE/);
  });
});
