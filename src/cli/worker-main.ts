import { asError, messageOf } from '../base/index.js';
import { realClock } from '../base/real/clock.js';
import { realRandom } from '../base/real/random.js';
import { realScheduler } from '../base/real/scheduler.js';
import { connect } from '../client/index.js';
import { type BenchOptions, runBench } from '../console/bench/index.js';
import { linesOf } from '../console/files/index.js';
import { type LoadRequest, runLoad } from '../console/load/index.js';
import { runCheck } from '../verify/check-main.js';
import type { CheckJob, WorkerJob } from './worker-job.js';

/**
 * What takes a core for long, in a process of its own: one job as a JSON argument, what comes of it as lines of JSON on
 * standard output. A failure is a line as well, and exit code 1. Written by the console, for the console.
 */
async function main(): Promise<void> {
  const job = JSON.parse(process.argv[2] ?? '') as WorkerJob;
  switch (job.type) {
    case 'bench':
      return bench(job.options);
    case 'load':
      return load(job);
    case 'check':
      return check(job);
  }
}

const tell = (message: unknown): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

async function bench(options: BenchOptions): Promise<void> {
  const { endpoints, connections, sessions } = options;
  const client = await connect(endpoints, { connections, sessions });
  try {
    tell(await runBench(options, { client, clock: realClock, scheduler: realScheduler }));
  } finally {
    await client.close();
  }
}

async function load(request: LoadRequest): Promise<void> {
  const { endpoints, clusterId, connections } = request;
  const stop = new AbortController();
  process.on('SIGTERM', () => stop.abort());
  const client = await connect(endpoints, { clusterId, connections, signal: stop.signal });
  try {
    const time = { clock: realClock, scheduler: realScheduler, random: realRandom };
    await runLoad(request, { client, ...time, tell, signal: stop.signal });
  } finally {
    await client.close();
  }
}

async function check({ file, name, key, timeoutMs }: CheckJob): Promise<void> {
  const options = { clock: realClock, name, timeoutMs, ...(key !== undefined && { key }) };
  tell(await runCheck(linesOf(file), options));
}

main().catch((thrown: unknown) => {
  const { code, hint } = asError(thrown);
  tell({ error: { code, message: messageOf(thrown), hint } });
  process.exitCode = 1;
});
