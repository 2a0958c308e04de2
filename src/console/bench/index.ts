/**
 * # console/bench: `bench put|get|mixed`
 *
 * The command starts a worker process (`cli/worker-main`), so that load never shares a thread with the prompt or the
 * supervisor. Clients run in a closed loop over the client library; a histogram keeps latencies to three digits.
 */
export * from './options.js';
export { runBench } from './worker.js';
