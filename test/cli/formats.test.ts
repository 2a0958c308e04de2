import { describe, expect, it } from 'vitest';
import { TABLE } from '../../src/console/commands/index.js';
import { FakeControl } from '../console/fakes.js';
import { FakeHost } from './fake-host.js';

/** Every command that can be used from a shell, as somebody would. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  put: ['put', 'a', '1'],
  get: ['get', 'a'],
  del: ['del', 'a'],
  scan: ['scan'],
  cas: ['cas', 'a', '1', '--absent'],
  status: ['status'],
  'status NODE': ['status', 'leader'],
  nodes: ['nodes'],
  leader: ['leader'],
  hash: ['hash'],
  kill: ['kill', 'node-02'],
  stop: ['stop', 'node-02'],
  start: ['start', 'node-04'],
  restart: ['restart', 'node-02'],
  pause: ['pause', 'node-02'],
  resume: ['resume', 'node-03'],
  transfer: ['transfer', 'node-02'],
  members: ['members'],
  add: ['add', 'node-05'],
  promote: ['promote', 'node-02'],
  remove: ['remove', 'node-02'],
  replace: ['replace', 'node-02', 'node-05'],
  wipe: ['wipe', 'node-02'],
  partition: ['partition', 'node-01,node-02', '--yes'],
  isolate: ['isolate', 'node-02'],
  cut: ['cut', 'node-01->node-02'],
  slow: ['slow', 'node-02', '100ms', '--jitter', '20ms'],
  flaky: ['flaky', 'node-02', '10%'],
  disk: ['disk', 'node-02', 'full'],
  heal: ['heal'],
  faults: ['faults'],
  stat: ['stat'],
  explain: ['explain'],
  logs: ['logs', '--raw'],
  'logs level': ['logs', 'level', 'debug', 'leader'],
  events: ['events', 'kind=role-changed'],
  'events --kinds': ['events', '--kinds'],
  'count events': ['count', 'events', 'kind=role-changed'],
  'count logs': ['count', 'logs', '--include', 'role'],
  'wait leader': ['wait', 'leader'],
  'wait node': ['wait', 'node', 'node-01', 'running'],
  'wait event': ['wait', 'event', 'kind=role-changed'],
  mark: ['mark', 'here'],
  sleep: ['sleep', '1ms'],
  run: ['run', '-o', 'json', process.execPath, '-e', 'console.log(1)'],
  help: ['help', 'kill'],
};

/** What needs more than a fake cluster, or an hour. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'bench',
  'wait job',
  'watch',
  'sim',
  'check',
  'load',
  'chaos',
  'bundle',
]);

function world(): FakeHost {
  const control = new FakeControl();
  control.states.set(control.config.nodes[3]!.id, 'stopped');
  control.states.set(control.config.nodes[2]!.id, 'paused');
  control.happens('role-changed', { from: 'candidate', to: 'leader', term: 1 }, control.config.nodes[0]!.id);
  return new FakeHost({ running: ['demo'], control });
}

const argv = (words: readonly string[], format: string): readonly string[] =>
  words[0] === 'run' ? ['run', '-o', format, ...words.slice(3)] : [...words, '-o', format];

describe('every command in every format', () => {
  it('is in this table', () => {
    const missing = TABLE.for('one-shot').filter(({ name }) => !(name in COMMANDS) && !ELSEWHERE.has(name));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it.each(Object.entries(COMMANDS))(
    '%s answers one document, and nothing else on standard output',
    async (name, words) => {
      const fake = world();
      const running = fake.run(...argv(words, 'json'));
      if (name === 'wait event') await election(fake);
      const { code, stdout } = await running;
      expect([0, 1]).toContain(code);
      expect(stdout.endsWith('\n')).toBe(true);
      expect(stdout.trimEnd()).not.toContain('\n');
      expect(JSON.parse(stdout)).toBeTypeOf('object');
    },
  );

  it.each(Object.entries(COMMANDS))(
    '%s answers in plain words, without colours, off a terminal',
    async (name, words) => {
      const fake = world();
      const running = fake.run(...argv(words, 'text'));
      if (name === 'wait event') await election(fake);
      const { code, stdout, stderr } = await running;
      expect([0, 1]).toContain(code);
      expect(stdout + stderr).not.toMatch(/\x1b|undefined|NaN|\[object/);
    },
  );

  it('a failure is a document too, with its code, and a message for people', async () => {
    const { code, stdout, stderr } = await world().run('kill', 'node-99', '-o', 'json');
    expect([code, JSON.parse(stdout)]).toEqual([3, { error: expect.objectContaining({ code: 'no-such-node' }) }]);
    expect(stderr).toContain("no node 'node-99'");
  });
});

/** An election, once somebody waits for one. */
async function election(fake: FakeHost): Promise<void> {
  const id = fake.control.config.nodes[1]!.id;
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  fake.control.happens('role-changed', { from: 'candidate', to: 'leader', term: 2 }, id);
}
