import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';
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

/** Ports that were free a moment ago, below those that the system gives to outgoing connections. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const bound = await Promise.all(Array.from({ length: count }, listenAnywhere));
  await Promise.all(bound.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return bound.map(({ port }) => port);
}

/** A port that somebody else listens on, until the test is over. */
export async function takenPort(): Promise<number> {
  const { server, port } = await listenAnywhere();
  onTestFinished(() => void server.close());
  return port;
}

async function listenAnywhere(): Promise<{ readonly server: Server; readonly port: number }> {
  for (;;) {
    const server = createServer();
    const port = randomInt(10_000, 32_000);
    const listening = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (listening) return { server, port };
  }
}

export const isRunning = (pid: number): boolean => identityOf(pid) !== undefined;

/** Resolves when the condition holds: for what other processes do, which tell nobody. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export const untilGone = (pid: number): Promise<void> => eventually(() => !isRunning(pid));
