/**
 * # console/chaos: `chaos`
 *
 * The command starts a worker (`cli/chaos-main`), which is a console of its own on the cluster's control socket: it holds the
 * cluster for itself, breaks it through `ControlTarget`, and says what it does, a line of JSON each. When the worker is
 * killed, or the console that started it, the supervisor sees the connection end and mends what was broken.
 *
 * What a run leaves (`files.ts`): the script, the report, and on a violation a directory of evidence.
 */
export { type Leavings, writeLeavings } from '../files/chaos-files.js';
export * from './order.js';
export { ControlTarget } from './target.js';
