import { describe, expect, it } from 'vitest';
import { MemoryDisk, survive } from '../../../src/verify/sim/memory-disk.js';

describe('the simulated disk', () => {
  it('never brings back what was written before over what replaced it and was synced', async () => {
    const disk = new MemoryDisk();
    const file = await disk.open('/log', 'create');
    await disk.syncDirectory('/');
    await file.write([Buffer.from('old old old')], 0);
    await new Promise<void>((resolve) => file.writeDurably([Buffer.from('new')], 4, () => resolve()));
    disk.crash(survive.all);
    expect(disk.contents('/log').toString()).toBe('old new old');
  });
});
