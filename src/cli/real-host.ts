import { fileURLToPath } from 'node:url';
import { realClock } from '../base/real/clock.js';
import { realRandom } from '../base/real/random.js';
import { realScheduler } from '../base/real/scheduler.js';
import { ENDING_SIGNALS, type EndingSignal, type Host } from './host.js';
import type { OutputLoss } from './output-loss.js';

/** A bundle beside this one. */
const bundle = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

/**
 * V8's memory reducer collects the whole heap 8 and 9 seconds after a process was busy, which costs four nodes 0.8% of a
 * core over half a minute. And a young generation of 16 MiB takes twice that, for garbage of one turn.
 */
const V8_OF_A_NODE = ['--no-memory-reducer', '--max-semi-space-size=8'];

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
  nodeCommand: [process.execPath, ...V8_OF_A_NODE, bundle('node')],
  benchCommand: [process.execPath, bundle('bench')],
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
