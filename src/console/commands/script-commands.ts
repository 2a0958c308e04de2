import { formatHostPort, RaftctlError } from '../../base/index.js';
import { delay } from '../delay.js';
import { parseDuration } from '../language/duration.js';
import { done } from '../outcome.js';
import type { CommandSpec } from './spec.js';

const mark: CommandSpec = {
  name: 'mark',
  group: 'script',
  about: 'Remembers a place in the stream of events',
  arguments: [{ name: 'NAME', kind: { type: 'name' } }],
  options: [],
  examples: [{ line: 'mark killed', about: 'count events … --since killed counts from here' }],
  async run(context, call) {
    const name = call.text('NAME');
    const position = await context.cluster.control().events.last();
    context.scope.marks.set(name, position);
    return done({ mark: name, position }, '', position);
  },
};

const sleep: CommandSpec = {
  name: 'sleep',
  group: 'script',
  about: 'Does nothing for a while; waiting for the thing itself is better',
  arguments: [{ name: 'DUR', kind: { type: 'duration' } }],
  options: [],
  examples: [{ line: 'sleep 250ms', about: 'see wait and within for what does not guess' }],
  unbounded: () => true,
  async run(context, call) {
    const ms = parseDuration(call.text('DUR')) ?? 0;
    context.waiting(`${call.text('DUR')} to pass`);
    await delay(context.surface.scheduler, ms, context.signal);
    return done({ sleptMs: ms }, '', ms);
  },
};

const run: CommandSpec = {
  name: 'run',
  group: 'script',
  about: 'Runs a program of yours with RAFTCTL_ENDPOINTS set',
  arguments: [
    { name: 'CMD', kind: { type: 'file' } },
    { name: 'ARG', kind: { type: 'text' }, optional: true, many: true },
  ],
  options: [],
  raw: true,
  examples: [
    { line: 'run node app.js => .exit == 0', about: 'the program under test, on this cluster' },
    { line: 'run --timeout 1m npm test', about: 'options stand before the program' },
    { line: 'run node load.js &load', about: 'in the background, while the leader is killed; wait job load' },
  ],
  details:
    'The result has .exit, .stdout and .stderr (the last MiB of each). An exit code other than 0 fails the command. What the program leaves running ends with it.',
  async run(context, call) {
    const { cluster, surface } = context;
    if (!surface.runProgram) throw new RaftctlError('usage', 'run is not possible here');
    const endpoints = cluster.control().live().membership.members.map(formatHostPort).join(',');
    const command = [call.text('CMD'), ...call.all('ARG')];
    context.waiting(`${command[0]} to end`);
    const result = await surface.runProgram(command, { RAFTCTL_ENDPOINTS: endpoints }, context.signal);
    const ending = result.signal === null ? `exit code ${result.exit}` : `ended by ${result.signal}`;
    return {
      document: { ...result },
      principal: result.exit,
      text: () =>
        Buffer.concat([Buffer.from(result.stdout), Buffer.from(result.stderr)])
          .toString()
          .replace(/\n$/, ''),
      ...(result.exit === 0 ? {} : { unmet: `${command[0]}: ${ending}` }),
    };
  },
};

const up: CommandSpec = {
  name: 'up',
  group: 'script',
  about: 'Starts a cluster for the script, in a temporary directory, removed at the end',
  arguments: [],
  options: [
    { name: 'nodes', value: { label: 'N', kind: { type: 'count' } }, about: 'how many nodes' },
    {
      name: 'file',
      short: 'f',
      value: { label: 'FILE', kind: { type: 'file' } },
      about: 'the configuration; the built-in default without it',
    },
    { name: 'port-offset', value: { label: 'N', kind: { type: 'count' } }, about: 'added to every port' },
  ],
  only: ['script'],
  examples: [{ line: 'up --nodes 4', about: 'the first line of a script that brings its own cluster' }],
  async run(context, call) {
    if (!context.surface.up)
      throw new RaftctlError('already-running', 'a cluster is running already: up starts one for a script only');
    context.waiting('the cluster to be ready');
    return context.surface.up(
      {
        nodes: call.count('nodes'),
        file: call.find('file'),
        portOffset: call.count('port-offset'),
        timeoutMs: call.duration('timeout'),
      },
      context.signal,
    );
  },
};

export const SCRIPT_COMMANDS: readonly CommandSpec[] = [mark, sleep, run, up];
