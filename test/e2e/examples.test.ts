import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/product.js';

const ROOT = resolve(import.meta.dirname, '../..');
const scripts = readdirSync(join(ROOT, 'examples')).filter((file) => file.endsWith('.raft'));

describe('the examples', () => {
  it.each(scripts)('%s passes on a cluster of its own', async (script) => {
    const place = await Workplace.create();
    // From the package's folder, as the scripts say.
    const { code, stdout, stderr } = await place.start(['exec', join('examples', script)], { cwd: ROOT }).finished;
    // A script without cases says so beside what its commands print.
    expect(`${stdout}${stderr}`).toMatch(/^[1-9]\d* passed, 0 failed$/m);
    expect(code).toBe(0);
  });

  it('are at least the first story, a rolling restart, a paused leader, and an application under test', () => {
    expect(scripts).toEqual(
      expect.arrayContaining(['application.raft', 'paused-leader.raft', 'rolling-restart.raft', 'seed.raft']),
    );
  });
});
