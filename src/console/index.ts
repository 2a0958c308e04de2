/**
 * # console: the user's surface
 *
 * One grammar, one command table, three surfaces: the prompt, scripts (`exec`, piped input), one-shot commands.
 *
 *     language/   words, statements, matchers: text to tree, everything checked before anything starts
 *     commands/   the table: each command once, with its help, its completion and what it does
 *     script/     running the tree: expansion, matchers, within, jobs, cases, reports
 *     prompt/     typing at a cluster: queue, writer above the line, announcements, completion
 *     recording/  what is typed at a prompt, as a script
 *     bundle/     what a bug report needs
 *     terminal/   the one owner of standard input and raw mode
 *     output/     results to text, JSON, columns, colours; foreign bytes made harmless
 *     files/      history, scripts, reports: the only files that the console touches
 *     programs/   the user's own programs; load/ and bench/ what `load` and `bench` put on a cluster, in workers
 *     recorded/   what was typed and loaded here, as a history that `check` judges
 *
 * Commands run in a `Workspace`: the `Cluster` they talk to, the `Scope` that lasts from one command to the next
 * (variables, marks, jobs, the bound), the `Surface` and what it offers (questions, programs, standard input). A `Context`
 * is what one running command sees of it. A cluster is known only as `ClusterControl` and a store only as `Client`, so
 * that the same code runs beside the supervisor, over its control socket, and in tests on fakes. A command bound to its
 * arguments is an `Invocation`.
 *
 *     const call = TABLE.bind([literalArg('get'), literalArg('key-01')], 'one-shot');
 *     const outcome = await execute(workspace, output, call, { signal });
 *     process.exitCode = printOutcome(outcome, printer, 'text');
 *
 * Order: what a command says (`leader -> node-02`) comes before its result; results come in the order in which commands
 * were typed; announcements come between them, never inside one.
 */
export { PlainPrompt, Prompt, runPiped } from './prompt/index.js';
export { Terminal } from './terminal/index.js';
