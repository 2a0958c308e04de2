/**
 * # console/prompt: typing at a cluster
 *
 * `Prompt` is the prompt on a terminal: one readline, one queue (commands run in the order typed), one writer that keeps
 * the line being typed; `HistorySearch` is its Ctrl-R. `PlainPrompt` is the one for terminals that cannot be drawn on.
 * `runPiped` runs the lines of a pipe. `Announcer` tells what happens to the cluster; `LineFlow` bounds how much of it
 * scrolls by; `complete` and `hintFor` are functions of line, cursor and context, which `Completer` knows at a prompt.
 *
 * Ctrl-C stops what runs, Ctrl-D leaves, and neither does so by surprise, since a cluster may hang on the prompt. Ctrl-D
 * leaves on the empty line of a prompt that stands. At a question it says no, in an open block it forgets the block, both
 * as Ctrl-C does; while a command runs it is answered with how to leave (`exit` may be typed ahead: it is a command). In
 * a line it deletes a character. A terminal that is closed is no key: the prompt ends as soon as what runs has.
 *
 *     await new Prompt({ workspace, table: TABLE, terminal: new Terminal(process.stdin), … }).run();
 */
export { type CompletionContext, complete, hintFor } from './completion.js';
export { LineFlow } from './line-flow.js';
export { runPiped } from './piped.js';
export { PlainPrompt } from './plain.js';
export { Prompt } from './prompt.js';
export { promptText } from './prompt-text.js';
