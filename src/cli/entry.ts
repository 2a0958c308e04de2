import { main } from './main.js';
import { realHost } from './real-host.js';

/** What `raftctl` runs. */
const host = realHost();

// `raftctl logs | head -1`: whoever read us has enough.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

const exitCode = await main(process.argv.slice(2), host);
// What was printed must be out before the process ends; connections of ours must not keep it alive.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
