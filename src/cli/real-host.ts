import { fileURLToPath } from 'node:url';
import { realClock } from '../base/real/clock.js';
import { realRandom } from '../base/real/random.js';
import { realScheduler } from '../base/real/scheduler.js';
import { ENDING_SIGNALS, type EndingSignal, type Host } from './host.js';
import { V8_OF_A_NODE } from './launch.js';
import type { OutputLoss } from './output-loss.js';

/** A bundle beside this one. */
const bundle = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));

/** This process. */
export const realHost = (loss: OutputLoss): Host => ({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  clock: realClock,
  scheduler: realScheduler,
  random: realRandom,
  pid: process.pid,
  nodeCommand: [process.execPath, ...V8_OF_A_NODE, bundle('node.cjs')],
  benchCommand: [process.execPath, bundle('bench.js')],
  loadCluster: () => import('../cluster/index.js'),
  loadConnect: async () => (await import('../client/index.js')).connect,
  onSignal(listener: (signal: EndingSignal) => void) {
    for (const signal of ENDING_SIGNALS) process.on(signal, listener);
    return () => {
      for (const signal of ENDING_SIGNALS) process.off(signal, listener);
    };
  },
  onOutputLoss: (listener) => loss.onLoss(listener),
  exit: (code) => process.exit(code),
});
