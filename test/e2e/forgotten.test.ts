import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/product.js';

interface Status {
  readonly quorum: string;
  readonly leader: string;
  readonly nodes: readonly { readonly node: string; readonly state: string }[];
}

describe('an old copy of a directory that is put back', () => {
  it('is found out and kept out, and the cluster says what is left of its quorum', async () => {
    const place = await Workplace.create();
    const up = place.start(['up', '--nodes', '3', '--port-offset', String(place.portOffset)]);
    await up.prints(/is leader/);
    const status = async () => JSON.parse((await place.run('status', '-o', 'json')).stdout) as Status;
    const stateOf = async (node: string) => (await status()).nodes.find((one) => one.node === node)!.state;
    const ok = async (...args: string[]) => expect(await place.run(...args), args.join(' ')).toMatchObject({ code: 0 });
    const { leader, nodes } = await status();
    const [copied, other] = nodes.map(({ node }) => node).filter((node) => node !== leader) as [string, string];
    const directory = join(place.data, 'demo', copied);
    const copy = join(place.directory, 'copy');

    await ok('put', 'key', 'before the copy');
    await ok('stop', copied);
    cpSync(directory, copy, { recursive: true });
    await ok('start', copied);
    await ok('put', 'key', 'acknowledged by it');
    await ok('stop', copied);
    const latest = join(place.directory, 'latest');
    cpSync(directory, latest, { recursive: true });
    rmSync(directory, { recursive: true });
    cpSync(copy, directory, { recursive: true });

    // It may be up for a moment, until somebody who knows better answers.
    await place.run('start', copied);
    while ((await stateOf(copied)) !== 'failed');
    const log = await place.run('logs', copied, '-n', '200');
    expect(log.stdout).toContain('data-forgotten');
    const table = (await place.run('status')).stdout;
    expect(table).toMatch(/2\/3 up .* quorum ok/);
    expect(table).toContain('is not what');

    await ok('stop', other);
    expect((await status()).quorum).not.toBe('ok');
    expect(await place.run('put', 'key', 'x', '--timeout', '1s')).toMatchObject({ code: 4 });
    await ok('start', other);
    await ok('put', 'key', 'after all');

    // The directory that it ran with last has what was promised.
    rmSync(directory, { recursive: true });
    cpSync(latest, directory, { recursive: true });
    await ok('start', copied);
    while ((await stateOf(copied)) !== 'running');
    expect((await place.run('status')).stdout).toMatch(/3\/3 up .* quorum ok/);
  });
});
