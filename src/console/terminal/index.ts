/**
 * # console/terminal: who reads the keys
 *
 * One `Terminal` owns standard input and raw mode. Readers (readline's, a picker's) are opened on top of each other and
 * closed in any order; bytes go to the top one. `ask` is the one way to an inquirer prompt, and reads through it.
 *
 *     const answer = await ask({ type: 'confirm', message: 'Delete it?', default: false }, terminal, process.stdout);
 *
 * What is typed reaches readers with every key in a chunk of its own (`keys.ts` says why).
 */
export * from './keys.js';
export * from './questions.js';
export * from './terminal.js';
