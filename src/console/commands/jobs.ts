import { columns, sanitizeLine } from '../output/index.js';
import type { CommandSpec } from './spec.js';

const waitJob: CommandSpec = {
  name: 'wait job',
  group: 'waiting',
  about: 'Waits for a background command and takes its result',
  arguments: [{ name: 'NAME', kind: { type: 'job' } }],
  options: [],
  examples: [{ line: 'wait job load --timeout 1m => .exit == 0', about: 'after run node load.js &load' }],
  only: ['prompt', 'script'],
  async run(context, call) {
    context.waiting(`job ${call.text('NAME')}`);
    return context.scope.jobs.wait(call.text('NAME'), context.signal);
  },
};

const stopJob: CommandSpec = {
  name: 'stop job',
  group: 'waiting',
  about: 'Stops a background command and takes its result, if it has one all the same',
  arguments: [{ name: 'NAME', kind: { type: 'job' } }],
  options: [],
  examples: [{ line: 'stop job work => .lost == 0', about: 'after load mixed --for 10m &work: the load ends early' }],
  only: ['prompt', 'script'],
  async run(context, call) {
    context.waiting(`job ${call.text('NAME')} to end`);
    return context.scope.jobs.stop(call.text('NAME'), context.signal);
  },
};

const jobs: CommandSpec = {
  name: 'jobs',
  group: 'waiting',
  about: 'Lists the background commands, and how far they are',
  arguments: [],
  options: [],
  examples: [{ line: 'jobs', about: 'after load mixed --for 10m &work; see wait job and stop job' }],
  only: ['prompt', 'script'],
  async run(context) {
    const list = context.scope.jobs.list();
    return {
      document: list.map((job) => ({ ...job })),
      principal: list.length,
      text: ({ terminal }) =>
        list.length === 0 && terminal
          ? 'no jobs: a command with &NAME at its end runs in the background'
          : columns(
              list.map(({ name, state, line, progress }) => [
                name,
                state,
                state === 'running' && progress !== null ? `${sanitizeLine(line)}: ${progress}` : sanitizeLine(line),
              ]),
            ),
    };
  },
};

export const JOB_COMMANDS: readonly CommandSpec[] = [waitJob, stopJob, jobs];
