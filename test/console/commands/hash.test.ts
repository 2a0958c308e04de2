import { describe, expect, it } from 'vitest';
import { asIndex, type NodeId } from '../../../src/base/index.js';
import { literalArg, TABLE } from '../../../src/console/commands/index.js';
import { execute } from '../../../src/console/execute.js';
import { viewOf } from '../../../src/console/output/index.js';
import { outputOf } from '../../../src/console/results.js';
import type { StateStatus } from '../../../src/wire/index.js';
import { capturedPrinter, type FakeWorld, fakeWorld } from '../fakes.js';

async function hash(world: FakeWorld, ...words: readonly string[]) {
  const call = TABLE.bind(['hash', ...words].map(literalArg), world.workspace.surface.origin);
  const outcome = await execute(world.workspace, outputOf(capturedPrinter(), 'text'), call, {
    signal: new AbortController().signal,
  });
  return { ...outcome, shown: outcome.text(viewOf({}, {})).toString() };
}

/** At these indexes, the last one now. */
const at = (...points: readonly (readonly [index: number, hash: string])[]): StateStatus => {
  const list = points.map(([index, text]) => ({ index: asIndex(index), hash: text }));
  return { keys: 1, ...list.at(-1)!, past: list.slice(0, -1) };
};

function worldOf(points: Readonly<Record<string, StateStatus>>): FakeWorld {
  const world = fakeWorld();
  world.control.pointsOf = (id: NodeId) => points[id];
  return world;
}

describe('hash', () => {
  it('finds nodes equal at the last index that all of them know', async () => {
    const { document, principal, unmet, shown } = await hash(fakeWorld());
    expect(document).toMatchObject({ index: 8, equal: true, compared: 4, total: 4, differ: [] });
    expect([principal, unmet]).toEqual(['equal', undefined]);
    expect(shown).toBe(
      [
        'equal at index 8: 4 of 4 nodes compared',
        'node-01  hash-at-8',
        'node-02  hash-at-8',
        'node-03  hash-at-8',
        'node-04  hash-at-8',
      ].join('\n'),
    );
  });

  it('names the node that differs, and has not done what was asked then', async () => {
    const same = at([9, 'x'], [12, 'y']);
    const world = worldOf({ 'node-01': same, 'node-02': same, 'node-03': at([12, 'z']), 'node-04': same });
    const { document, principal, unmet, shown } = await hash(world);
    expect(document).toMatchObject({ index: 12, equal: false, differ: ['node-03'] });
    expect([principal, unmet]).toEqual(['not equal', 'not equal at index 12: node-03 differs']);
    expect(shown).toMatch(/^node-03 +z +differs$/m);
    expect(shown).toMatch(/^node-02 +y$/m);
  });

  it('blames nobody alone where no hash is that of most', async () => {
    const [one, other] = [at([12, 'x']), at([12, 'z'])];
    const { document } = await hash(worldOf({ 'node-01': one, 'node-02': one, 'node-03': other, 'node-04': other }));
    expect(document).toMatchObject({ equal: false, differ: ['node-01', 'node-02', 'node-03', 'node-04'] });
  });

  it('leaves out who is down, and says so', async () => {
    const world = fakeWorld();
    await world.control.lifecycle('kill', 'node-02' as NodeId);
    const { document, shown } = await hash(world);
    expect(document).toMatchObject({ equal: true, compared: 3, total: 4 });
    expect(shown).toMatch(/^node-02 +- \(stopped\)$/m);
  });

  it('waits for a node that lags, and gives up in time, saying where each is', async () => {
    let asked = 0;
    const world = fakeWorld();
    world.control.pointsOf = (id) => {
      if (id === 'node-04') asked += 1;
      return id === 'node-04' && asked < 3 ? at([7, 'old']) : at([12, 'x']);
    };
    expect((await hash(world)).document).toMatchObject({ index: 12, equal: true, compared: 4 });
    expect(asked).toBe(3);
    world.control.pointsOf = (id) => (id === 'node-04' ? at([7, 'old']) : at([12, 'x']));
    await expect(hash(world, '--timeout', '120ms')).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/^no index that all nodes have applied within .+: node-01 at 12, .*node-04 at 7$/),
    });
  });

  it('says that nobody answers', async () => {
    const world = worldOf({});
    await expect(hash(world, '--timeout', '60ms')).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('no node told the hash of its state: node-01 is running'),
    });
  });
});
