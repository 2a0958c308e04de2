/** # console/programs: the user's own programs (`run`), and ours that must not run inside the prompt (`bench`). */
export * from './programs.js';
