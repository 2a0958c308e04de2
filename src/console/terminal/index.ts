/**
 * # console/terminal: who reads the keys
 *
 * One `Terminal` owns standard input and raw mode. Readers (readline's, a picker's) are opened on top of each other and
 * closed in any order; bytes go to the top one.
 */
export * from './terminal.js';
