import { linesOf } from '../console/files/index.js';
import type { Printer } from '../console/results.js';
import { checkExitCode, runCheck, verdictText } from '../verify/check-main.js';
import { parseSeed, parseSeeds, runSim } from '../verify/sim/index.js';
import type { GlobalOptions } from './global-options.js';
import type { Host } from './host.js';
import { INTERRUPTED, Interrupts } from './interrupts.js';

export interface CheckOptions {
  /** A file of JSON lines, or `-`. */
  readonly history: string;
  readonly key: string | undefined;
  readonly timeoutMs: number;
}

/** `raftctl check`: was what these clients saw linearizable? */
export async function check(
  { history, key, timeoutMs }: CheckOptions,
  { format }: GlobalOptions,
  printer: Printer,
  host: Host,
): Promise<number> {
  const name = history === '-' ? 'standard input' : history;
  const request = { clock: host.clock, name, timeoutMs, ...(key !== undefined && { key }) };
  const verdict = await runCheck(linesOf(history, host.stdin as NodeJS.ReadableStream & typeof host.stdin), request);
  printer.out(format === 'json' ? JSON.stringify(verdict) : verdictText(verdict));
  return checkExitCode(verdict);
}

export interface SimOptions {
  /** One number, or a range; neither: any one. */
  readonly seed: string | undefined;
  readonly seeds: string | undefined;
  readonly nodes: number | undefined;
  readonly durationMs: number | undefined;
  readonly trace: boolean;
}

/** `raftctl sim`: whole clusters in this process, under one seed each, with every fault there is. */
export async function sim(
  { seed, seeds, nodes, durationMs, trace }: SimOptions,
  { format }: GlobalOptions,
  printer: Printer,
  host: Host,
): Promise<number> {
  const progress = progressLine(host);
  const any = String(Math.floor(host.random.next() * 1e9));
  const chosen = seeds === undefined ? parseSeed(seed ?? any) : parseSeeds(seeds);
  const request = { seeds: chosen, nodes, durationMs, trace, json: format === 'json' };
  const interrupts = new Interrupts(host);
  let isLost = false;
  const stopReading = host.onOutputLoss(() => {
    isLost = !interrupts.signal.aborted;
    interrupts.abort();
  });
  const say = (write: (text: string) => void) => (text: string) => {
    progress.clear();
    write(text);
  };
  try {
    const exitCode = await runSim(request, {
      line: say((text) => printer.out(text)),
      note: say((text) => printer.err(text)),
      progress: progress.show,
      breathe: () => new Promise((resolve) => host.scheduler.defer(resolve)),
      get isInterrupted() {
        return interrupts.signal.aborted;
      },
      clock: host.clock,
    });
    // Whoever read it has enough.
    return isLost && exitCode === INTERRUPTED ? 0 : exitCode;
  } finally {
    progress.clear();
    interrupts.close();
    stopReading();
  }
}

/** One line that is written over, on a terminal only. */
function progressLine({ stderr }: Host): { show(text: string): void; clear(): void } {
  if (!stderr.isTTY) return { show: () => {}, clear: () => {} };
  return {
    show: (text) => void stderr.write(`\r\x1b[2K${text}`),
    clear: () => void stderr.write('\r\x1b[2K'),
  };
}
