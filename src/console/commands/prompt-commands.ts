import type { CommandSpec } from './spec.js';

const EMPTY = { document: null, principal: null, text: () => '' } as const;

/** Ends the prompt. In `up` the nodes are stopped after it. */
const exit: CommandSpec = {
  name: 'exit',
  group: 'prompt',
  about: 'Ends the prompt; in up it stops the nodes gracefully (Ctrl-D does the same)',
  details: 'In a script and in piped input it ends the script there, which is no failure.',
  arguments: [],
  options: [],
  examples: [{ line: 'exit', about: 'the data stays where it is' }],
  offline: true,
  only: ['prompt', 'script'],
  async run() {
    return { ...EMPTY, leave: true };
  },
};

const clear: CommandSpec = {
  name: 'clear',
  group: 'prompt',
  about: 'Clears the screen',
  arguments: [],
  options: [],
  examples: [{ line: 'clear', about: 'Ctrl-L does the same' }],
  only: ['prompt'],
  async run() {
    return { ...EMPTY, text: (view) => (view.terminal ? '\x1b[H\x1b[2J\x1b[3J' : '') };
  },
};

const history: CommandSpec = {
  name: 'history',
  group: 'prompt',
  about: 'Lists the lines typed before',
  arguments: [],
  options: [
    {
      name: 'lines',
      short: 'n',
      value: { label: 'N', kind: { type: 'count' } },
      about: 'the last N (20 unless told otherwise)',
    },
  ],
  examples: [
    {
      line: 'history -n 5',
      about: 'the last five; arrow up finds those that begin with what is typed, Ctrl-R those that contain it',
    },
  ],
  only: ['prompt'],
  async run(context, call) {
    const lines = (context.surface.history?.() ?? []).slice(-(call.count('lines') ?? 20));
    return { document: lines, principal: lines.length, text: () => lines.join('\n') };
  },
};

export const PROMPT_COMMANDS: readonly CommandSpec[] = [history, clear, exit];
