/**
 * # console/load: `load put|get|mixed`
 *
 * The load itself is verify/load. It runs in a worker process (`cli/worker-main`): at full speed it takes a core, which
 * neither the prompt nor the supervisor has to give. The worker is told what to do as one JSON argument (`LoadRequest`)
 * and tells how it goes as lines of JSON (`LoadMessage`): figures a few times a second, the operations for the console's
 * history in batches, and its result at the end. SIGTERM ends it early, with its result.
 *
 * A history is for checking, and has bounds: the worker records all operations on a key or none (`sampled-recorder.ts`),
 * on fewer keys the faster the load is. Keys are judged one by one, so what is judged is judged in full.
 */
export * from './request.js';
export { runLoad } from './run-load.js';
export { SampledRecorder } from './sampled-recorder.js';
