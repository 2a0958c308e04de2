import { isatty, ReadStream } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { realClock } from '../base/real/clock.js';
import { realRandom } from '../base/real/random.js';
import { realScheduler } from '../base/real/scheduler.js';
import { V8_OF_A_NODE } from '../cluster/node-options.js';
import { parentOf } from './background.js';
import { ENDING_SIGNALS, type EndingSignal, type Host } from './host.js';
import type { OutputLoss } from './output-loss.js';

/** A bundle beside this one. */
const bundle = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));

/** This process. */
export function realHost(loss: OutputLoss): Host {
  const signals = endingSignals();
  const parent = parentOf(process);
  const { stdout, stderr }: Pick<Host, 'stdout' | 'stderr'> = parent ?? process;
  return {
    stdin: process.stdin,
    stdinAgain: () => (isatty(0) ? new ReadStream(0) : null),
    stdout,
    stderr,
    ...(parent && { parent }),
    environment: process.env,
    clock: realClock,
    scheduler: realScheduler,
    random: realRandom,
    pid: process.pid,
    ownCommand: [process.execPath, bundle('../bin/raftctl.js')],
    nodeCommand: [process.execPath, ...V8_OF_A_NODE, bundle('node.cjs')],
    workerCommand: [process.execPath, bundle('worker.js')],
    chaosCommand: [process.execPath, bundle('chaos.js')],
    loadCluster: () => import('../cluster/index.js'),
    loadConnect: async () => (await import('../client/index.js')).connect,
    onSignal(listener: (signal: EndingSignal) => void) {
      for (const signal of signals) process.on(signal, listener);
      // Who waited for it is gone: as a terminal that closes.
      const stopWatching = parent?.onGone(() => listener('SIGHUP'));
      return () => {
        stopWatching?.();
        // A terminal that is closed says so more than once: what is ending by itself is not to be ended by that.
        process.on('SIGHUP', ignore);
        for (const signal of signals) process.off(signal, listener);
      };
    },
    onOutputLoss: (listener) => loss.onLoss(listener),
    exit: (code) => process.exit(code),
  };
}

/** Where `bin/raftctl.js` says which signals were ignored when it was started. It is not for the programs we start. */
const IGNORED = 'RAFTCTL_IGNORED_SIGNALS';

/** Those that end us. Node gives an ignored signal its default action, the end, which a listener takes from it again. */
function endingSignals(): readonly EndingSignal[] {
  const ignored = process.env[IGNORED];
  delete process.env[IGNORED];
  if (ignored !== 'HUP') return ENDING_SIGNALS;
  process.on('SIGHUP', ignore);
  return ENDING_SIGNALS.filter((signal) => signal !== 'SIGHUP');
}

const ignore = (): void => {};
