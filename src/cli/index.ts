/**
 * # cli: the program `raftctl`
 *
 * `main` takes arguments and a `Host` (streams, signals, clocks: everything of the process) and answers an exit code. A
 * first word that is the program's own (`up`, `exec`, `ls` …) goes to commander in `program.ts`; every other one is a
 * command of the console's table, run once on the running cluster (`one-shot.ts`).
 *
 * Start-up is kept short by loading late: `--help` and `version` load no cluster, no client, no YAML; `up` spawns its
 * nodes before it loads the prompt's client. This file is what `bin/raftctl.js` runs; `node-process.ts` and
 * `bench-main.ts` are the programs of a node process and of the benchmark's worker.
 *
 * Signals: the first SIGINT, SIGTERM or SIGHUP ends politely what runs; a second SIGINT forces.
 */
import { main } from './main.js';
import { realHost } from './real-host.js';

const host = realHost();

// `raftctl logs | head -1`: whoever read us has enough. What runs ends politely, so that nothing is left behind.
let unread = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (unread) return;
    unread = true;
    if (!process.emit('SIGHUP', 'SIGHUP')) process.exit(0);
  });
}

const exitCode = await main(process.argv.slice(2), host);
// What was printed must be out before the process ends; connections of ours must not keep it alive.
process.stdout.write('', () => process.stderr.write('', () => process.exit(unread ? 0 : exitCode)));
