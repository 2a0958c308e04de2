/** # console/files: the console's own files (history, scripts, reports). No other part of the console touches any. */
export { stateDirectory } from '../../os/directories.js';
export * from './cluster-files.js';
export * from './growing-file.js';
export * from './history-file.js';
export * from './input-file.js';
export * from './line-file.js';
export * from './script-file.js';
export * from './standard-input.js';
export * from './temporary.js';
