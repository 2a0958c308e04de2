import { messageOf } from '../base/index.js';
import { realClock } from '../base/real/clock.js';
import { realScheduler } from '../base/real/scheduler.js';
import { connect } from '../client/index.js';
import { type BenchOptions, runBench } from '../console/bench/index.js';

/** The benchmark's worker: options as one JSON argument, the result as one JSON line. Written by `bench`, for `bench`. */
async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? '') as BenchOptions;
  const { endpoints, connections, sessions } = options;
  const client = await connect(endpoints, { connections, sessions });
  try {
    const result = await runBench(options, { client, clock: realClock, scheduler: realScheduler });
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    await client.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
