// What the benchmarks share: running the product as a user does, and reading what it prints.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const BIN = here('../bin/raftctl.js');

/** Runs `raftctl ARGS` to its end and answers what it printed on standard output. */
export async function raftctl(args, options = {}) {
  const { stdout } = await run(process.execPath, [BIN, ...args.map(String)], { maxBuffer: 64 << 20, ...options });
  return stdout;
}

export const json = (text) => JSON.parse(text);

/** One run of the yardstick. */
export async function yardstick({ clients, connections, seconds }) {
  const args = ['--clients', clients, '--connections', connections, '--seconds', seconds];
  const { stdout } = await run(process.execPath, [here('./limit.mjs'), ...args.map(String)]);
  return json(stdout);
}

/**
 * A cluster of its own in a directory of its own, in the foreground of a child process. `ready` is when `up` said so.
 * `config` is its cluster.yaml, if it has one.
 * @returns {Promise<{cwd: string, raftctl: (args: string[]) => Promise<string>, status: () => Promise<any>, stop: () => Promise<void>}>}
 */
export async function startCluster(nodes = 4, portOffset = 2000, config = undefined) {
  const cwd = mkdtempSync(join(tmpdir(), 'raftctl-bench-'));
  if (config !== undefined) writeFileSync(join(cwd, 'cluster.yaml'), config);
  const args = ['up', '--nodes', nodes, '--port-offset', portOffset];
  // A list of running clusters of its own: others may run beside it.
  const env = { ...process.env, XDG_STATE_HOME: cwd };
  const up = spawn(process.execPath, [BIN, ...args.map(String)], { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  const here = (args) => raftctl(args, { cwd, env });
  await firstLine(up, /is leader/);
  return {
    cwd,
    raftctl: here,
    status: async () => json(await here(['status', '-o', 'json'])),
    async stop() {
      // It may have been taken down already.
      const isOver = up.exitCode !== null || up.signalCode !== null;
      const ended = isOver || new Promise((resolve) => up.once('exit', resolve));
      up.kill('SIGTERM');
      await ended;
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}

/** Resolves when a line of the child's standard output matches. */
export function firstLine(child, pattern) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (pattern.test(text)) resolve(text);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code} before ${pattern}: ${text}`)));
  });
}

export const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
export const round = (_, value) => (typeof value === 'number' ? Number(value.toFixed(3)) : value);
export { BIN };
