import type { Clock, Random, Scheduler, Timer } from '../../base/index.js';
import type { Client } from '../../client/index.js';
import { Load } from '../../verify/load/index.js';
import type { LoadMessage, LoadRequest } from './request.js';
import { SampledRecorder } from './sampled-recorder.js';

export interface LoadWorkerParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly tell: (message: LoadMessage) => void;
  /** Aborted: the load ends, with its result. */
  readonly signal: AbortSignal;
}

const TELLS_EVERY_MS = 250;

/** The worker's part of a load: runs it, and tells how it goes. */
export async function runLoad({ options }: LoadRequest, parts: LoadWorkerParts): Promise<void> {
  const { client, clock, scheduler, random, tell, signal } = parts;
  const recorder = new SampledRecorder(clock);
  const load = new Load(options, { clients: [client], clock, scheduler, random, recorder });
  const report = () => {
    tell({ type: 'figures', figures: load.figures() });
    const operations = recorder.take();
    if (operations.count > 0) tell({ type: 'operations', ...operations });
  };
  let timer: Timer;
  const keepReporting = () => {
    timer = scheduler.after(TELLS_EVERY_MS, () => {
      report();
      keepReporting();
    });
  };
  keepReporting();
  const stop = () => load.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const result = await load.run();
  signal.removeEventListener('abort', stop);
  timer!.cancel();
  report();
  tell({ type: 'result', result });
}
