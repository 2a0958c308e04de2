/**
 * # console/recording: a session at the prompt as a script
 *
 *     const recorder = new Recorder({ workspace, table: TABLE, open: ScriptFile.create, load: readSourced });
 *     recorder.start('session.raft', { force: false });
 *     const statement = recorder.begin(typed);       // run this one
 *     recorder.ended(null);                          // and it is written
 *
 * The prompt's line runner brackets every statement with `begin` and `ended`, and tells each command that `ran` in it.
 * `draft.ts` has how a statement is to stand in a script, `pauses.ts` what a person waited for between two of them,
 * `preamble.ts` the cluster that the script brings. A line is written when what it says is over, as a whole.
 */
export { Recorder } from './recorder.js';
export type { Recording } from './recording.js';
