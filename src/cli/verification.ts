import type { Printer } from '../console/results.js';
import { parseSeed, parseSeeds, runSim } from '../verify/sim/index.js';
import type { GlobalOptions } from './global-options.js';
import type { Host } from './host.js';
import { INTERRUPTED, Interrupts } from './interrupts.js';
import { progressLine } from './progress-line.js';

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
