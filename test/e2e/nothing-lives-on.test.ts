import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../cluster/helpers.js';
import { commandsWithEnvironment } from '../helpers/processes.js';
import { Workplace } from '../helpers/product.js';

/** Ignores what asks it to end, has a child that does so, too, and says when both are there. */
const STUBBORN = `
  import { spawn } from 'node:child_process';
  import { writeFileSync } from 'node:fs';
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});
  if (process.argv[2] === 'child') writeFileSync('ready', '');
  else spawn(process.execPath, [process.argv[1], 'child'], { stdio: 'inherit' });
  setInterval(() => {}, 1_000);
`;

async function workplaceWithStubborn(): Promise<Workplace> {
  const place = await Workplace.create();
  writeFileSync(join(place.directory, 'stubborn.mjs'), STUBBORN);
  return place;
}

/** What runs for the workplace: nodes, workers, programs, and the guards, all of which inherit its environment. */
const processesOf = (place: Workplace) => commandsWithEnvironment(place.directory);
const running = (place: Workplace, what: string) => processesOf(place).filter((command) => command.includes(what));

describe.skipIf(process.platform !== 'linux')('nothing lives on', () => {
  it('when up is killed in the middle of a benchmark and of a program: no node, worker, program or guard', async () => {
    const place = await workplaceWithStubborn();
    const up = place.start(['up', '--nodes', '3', '--port-offset', String(place.portOffset)], { stdin: 'pipe' });
    up.type('run --timeout 10m node stubborn.mjs &stubborn\nbench put --for 10m --clients 4\n');
    await eventually(() => existsSync(join(place.directory, 'ready')) && running(place, 'worker.js').length === 1);
    expect(running(place, 'stubborn.mjs')).toHaveLength(2);
    up.child.kill('SIGKILL');
    await up.finished;
    await eventually(() => processesOf(place).length === 0);
  });

  it('when exec is interrupted: neither the program it ran nor what that has started', async () => {
    const place = await workplaceWithStubborn();
    await place.up();
    writeFileSync(join(place.directory, 'script.raft'), 'run --timeout 10m node stubborn.mjs\n');
    const exec = place.start(['exec', 'script.raft']);
    await eventually(() => existsSync(join(place.directory, 'ready')));
    expect(running(place, 'stubborn.mjs')).toHaveLength(2);
    exec.child.kill('SIGINT');
    expect((await exec.finished).code).toBe(130);
    await eventually(() => running(place, 'stubborn.mjs').length === 0);
  });

  it('when exec is killed, or its script has ended, with a program in the background', async () => {
    const place = await workplaceWithStubborn();
    await place.up();
    const script =
      'run --timeout 10m node stubborn.mjs &stubborn\nrun node -e "setInterval(() => require(`fs`).existsSync(`ready`) && process.exit(), 10)"\n';
    writeFileSync(join(place.directory, 'script.raft'), script);
    const exec = await place.run('exec', 'script.raft');
    expect([exec.code, exec.stderr]).toEqual([0, expect.not.stringContaining('error')]);
    await eventually(() => running(place, 'stubborn.mjs').length === 0);
    writeFileSync(join(place.directory, 'script.raft'), 'run --timeout 10m node stubborn.mjs\n');
    const killed = place.start(['exec', 'script.raft']);
    await eventually(() => running(place, 'stubborn.mjs').length === 2);
    killed.child.kill('SIGKILL');
    await eventually(() => running(place, 'stubborn.mjs').length === 0);
  });
});
