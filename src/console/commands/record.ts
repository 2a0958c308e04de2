import { RaftctlError } from '../../base/index.js';
import { isThere } from '../files/growing-file.js';
import { wordOf } from '../language/quoting.js';
import type { Outcome } from '../outcome.js';
import type { Recording } from '../recording/recording.js';
import type { CommandSpec } from './spec.js';

const OFF = 'off';

const record: CommandSpec = {
  name: 'record',
  group: 'prompt',
  about: 'Writes what is typed from here on, faults included, as a script that exec runs',
  arguments: [{ name: 'FILE|off', kind: { type: 'file' }, optional: true }],
  options: [{ name: 'force', about: 'replace a file that is there' }],
  examples: [
    { line: 'record session.raft', about: 'from here on' },
    { line: 'record off', about: 'ends it, as leaving the prompt does; raftctl exec session.raft does the same again' },
    { line: 'record', about: 'what is being recorded' },
  ],
  details:
    'A command is written once it is over, so that the file is a script at any moment. What failed is written as ' +
    '! COMMAND, what was not done as a comment, and what only looked is left out unless something was expected of it. The ' +
    'script brings its own cluster of as many nodes, waits for a leader where a fault was followed by another command, and ' +
    'names the node where `random` or a list chose one.',
  only: ['prompt'],
  async run({ surface, confirm }, call) {
    const { recording } = surface;
    if (!recording) throw new RaftctlError('usage', 'record is not possible here');
    const file = call.find('FILE|off');
    if (file === undefined) return stateOf(recording);
    if (file === OFF) return end(recording);
    let force = call.has('force');
    if (!force && confirm && recording.file === null && isThere(file)) {
      force = await confirm(`${file} is there already: replace it?`);
      if (!force) throw new RaftctlError('aborted', `${file} is as it was`, { definite: true });
    }
    recording.start(file, { force });
    const path = recording.file!;
    return {
      document: { recording: path, statements: 0 },
      principal: path,
      text: () => `recording to ${path}; record off ends it`,
    };
  },
};

export const RECORD_COMMANDS: readonly CommandSpec[] = [record];

function stateOf({ file, statements }: Recording): Outcome {
  const text = file === null ? 'nothing is being recorded' : `recording to ${file}: ${counted(statements)} so far`;
  return { document: { recording: file, statements }, principal: file, text: () => text };
}

function end(recording: Recording): Outcome {
  const { file, statements } = recording;
  if (file === null) {
    throw new RaftctlError('usage', 'nothing is being recorded', { hint: 'record FILE begins' });
  }
  recording.stop();
  return { document: { recorded: file, statements }, principal: file, text: () => recordedText(file, statements) };
}

export const recordedText = (file: string, statements: number): string =>
  `recorded ${counted(statements)} in ${file}: raftctl exec ${wordOf(file)} does the same again`;

const counted = (statements: number): string => (statements === 1 ? '1 command' : `${statements} commands`);
