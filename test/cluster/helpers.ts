import { createServer } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { realClock } from '../../src/base/real/clock.js';
import { realRandom } from '../../src/base/real/random.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { identityOf } from '../../src/os/index.js';

export const realTime = { clock: realClock, scheduler: realScheduler, random: realRandom };

/** A program of `fixtures/` that needs no bundling, as a command. */
export const fixture = (name: string): readonly string[] => [
  process.execPath,
  join(import.meta.dirname, 'fixtures', `${name}.mjs`),
];

/** Bundles a TypeScript program of `fixtures/` into a directory. */
export async function bundleFixture(name: string, directory: string): Promise<string> {
  const outfile = join(directory, `${name}.mjs`);
  await build({
    entryPoints: [join(import.meta.dirname, 'fixtures', `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return outfile;
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(servers.map((server) => listenAnywhere(server)));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A port that somebody else listens on, until the test is over. */
export async function takenPort(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  return listenAnywhere(server);
}

function listenAnywhere(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
    });
  });
}

export const isRunning = (pid: number): boolean => identityOf(pid) !== undefined;

/** Resolves when the condition holds: for what other processes do, which tell nobody. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export const untilGone = (pid: number): Promise<void> => eventually(() => !isRunning(pid));
