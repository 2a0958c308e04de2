import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { asError, messageOf, RaftctlError, silent } from '../base/index.js';
import { realClock } from '../base/real/clock.js';
import { realRandom } from '../base/real/random.js';
import { realScheduler } from '../base/real/scheduler.js';
import { type ClusterConfig, type Supervisor, startCluster, V8_OF_A_NODE } from '../cluster/index.js';
import { createTcpTransport, type Listener } from '../transport/index.js';
import { readLine, type StartAnswer, type StartRequest, toFailure, toLine } from './messages.js';
import { blocksOf, claim } from './port-block.js';
import { configFor } from './settings.js';

/**
 * The program beside a test: the supervisor of one cluster. It is told on descriptor 3 what to start, answers there, and
 * ends when the other end closes, which the system sees to however the test ends. Nobody needs the cluster's data then:
 * nodes are killed, and the directory is removed.
 */
const CHANNEL = 3;

const time = { clock: realClock, scheduler: realScheduler, random: realRandom };
const NODE_COMMAND = [process.execPath, ...V8_OF_A_NODE, fileURLToPath(new URL('./node.cjs', import.meta.url))];

/** What cannot be ended in this time is left to the guard. */
const END_MS = 10_000;

const over = new AbortController();
let isAsked = false;
const channel = new Socket({ fd: CHANNEL, readable: true, writable: true });
for (const event of ['end', 'error', 'close']) channel.on(event, end);
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.on(signal, end);
process.on('uncaughtException', (thrown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : messageOf(thrown)}\n`);
  process.exitCode = 1;
  end();
});
readLine(channel, (line) => void serve(JSON.parse(line) as StartRequest));

async function serve(request: StartRequest): Promise<void> {
  isAsked = true;
  try {
    const supervisor = await startOnFreePorts(request);
    answer({ type: 'ready', socket: supervisor.socketPath });
    await Promise.race([supervisor.ended, isOver()]);
    await supervisor.abandon();
    process.exit();
  } catch (thrown) {
    // The last word: the process ends when it was read, or when nobody is there to read it.
    answer(toFailure(asError(thrown)));
    channel.end(() => process.exit());
  }
}

const answer = (message: StartAnswer): void => void (channel.writable && channel.write(toLine(message)));

function end(): void {
  if (!isAsked) process.exit();
  if (over.signal.aborted) return;
  over.abort();
  realScheduler.after(END_MS, () => process.exit(1));
}

const isOver = (): Promise<void> =>
  new Promise((resolve) => {
    if (over.signal.aborted) resolve();
    else over.signal.addEventListener('abort', () => resolve());
  });

/** @throws {RaftctlError} as `startCluster` of cluster does; `port-taken` when the whole range is */
async function startOnFreePorts(request: StartRequest): Promise<Supervisor> {
  const config = configFor(request);
  const { portRange, timeoutMs } = request;
  const [{ host }] = config.nodes as [ClusterConfig['nodes'][number]];
  const deadline = realClock.now() + timeoutMs;
  const transport = createTcpTransport({ ...time, emit: silent });
  for (const port of blocksOf({ range: portRange, members: config.nodes.length, random: realRandom })) {
    const claimed = await claim(transport, host, port);
    if (claimed === undefined) continue;
    const supervisor = await startIn(claimed, withPorts(config, port + 1), deadline);
    if (supervisor !== undefined) return supervisor;
  }
  const [min, max] = portRange;
  const message = `no ${config.nodes.length + 1} ports in a row are free on ${host} between ${min} and ${max}`;
  throw new RaftctlError('port-taken', message, { hint: 'choose another portRange, or end what listens there' });
}

/** Undefined: one of the ports behind the claimed one is a stranger's. */
async function startIn(claimed: Listener, config: ClusterConfig, deadline: number): Promise<Supervisor | undefined> {
  try {
    return await startCluster({
      config,
      ephemeral: true,
      listed: false,
      nodeCommand: NODE_COMMAND,
      timeoutMs: Math.max(1, deadline - realClock.now()),
      signal: over.signal,
      ...time,
    });
  } catch (thrown) {
    await claimed.close();
    if (asError(thrown).code !== 'port-taken' || over.signal.aborted) throw thrown;
    return undefined;
  }
}

const withPorts = (config: ClusterConfig, first: number): ClusterConfig => ({
  ...config,
  nodes: config.nodes.map((node, nth) => ({ ...node, port: first + nth })),
});
