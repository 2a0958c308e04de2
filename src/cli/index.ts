/**
 * # cli: the program `raftctl`
 *
 * `main` takes arguments and a `Host` (streams, signals, clocks: everything of the process) and answers an exit code. A
 * first word that is the program's own (`up`, `exec`, `ls` …) goes to commander in `program.ts`; every other one is a
 * command of the console's table, run once on the running cluster (`one-shot.ts`).
 *
 * Start-up is kept short by loading late: `--help` and `version` load no cluster, no client, no YAML; `up` spawns its
 * nodes before it loads the prompt's client. This file is what `bin/raftctl.js` runs; `node-process.ts` and
 * `worker-main.ts` are the programs of a node process and of the benchmark's worker. `launch.ts` starts the first two with
 * the code that V8 made of them when they were built.
 *
 * `up` runs the supervisor in this process and serves a prompt on it (`serve.ts`); `attach` serves one on a cluster whose
 * supervisor is another process. `up -d` starts `up` once more in a session of its own, shows what it says over a channel
 * (`background.ts`), and leaves when it is ready; if it is gone before that, the other one ends as well.
 *
 * Signals: the first SIGINT, SIGTERM or SIGHUP ends politely what runs; a second SIGINT forces. SIGHUP is nothing to us
 * where it was ignored when we were started (nohup), which `bin/raftctl.js` finds out. Where nobody reads standard output
 * any more (`| head -1`), what only shows something ends, quietly; a script goes on to its verdict.
 */
import { realScheduler } from '../base/real/scheduler.js';
import { releaseLostTerminals } from './lost-terminal.js';
import { main } from './main.js';
import { OutputLoss } from './output-loss.js';
import { realHost } from './real-host.js';

process.on('exit', releaseLostTerminals);
const loss = new OutputLoss(process.stdout, process.stderr);
const host = realHost(loss);
void main(process.argv.slice(2), host).then((exitCode) => {
  const end = () => process.exit(loss.exitCode(exitCode));
  // What was printed must be out before the process ends; connections of ours must not keep it alive.
  host.stdout.write('', () => realScheduler.defer(() => host.stderr.write(complaint(), end)));
});

/** A write calls back before its stream tells of the error: hence a turn later. */
function complaint(): string {
  const { failure } = loss;
  return failure === undefined ? '' : `error cannot write to standard output: ${failure}\n`;
}
