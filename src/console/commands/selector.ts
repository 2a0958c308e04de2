/** What stands for nodes is one language, at the prompt and in a program. */
export * from '../../cluster/selector.js';
