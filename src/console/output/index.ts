/**
 * # console/output: from results to text
 *
 * Commands answer with `Data`; a `View` says for whom it is rendered. `sanitize` stands between foreign bytes (keys,
 * values, log lines) and a terminal; off a terminal bytes pass as they are.
 */
export * from './columns.js';
export * from './data.js';
export * from './sanitize.js';
export * from './view.js';
export * from './wrap.js';
