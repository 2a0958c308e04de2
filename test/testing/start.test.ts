import { expect, it } from 'vitest';
import { startCluster } from '../../src/testing/index.js';

it('a library that was taken away from its programs says so', async () => {
  // Here are the sources; the programs are where they were built to.
  await expect(startCluster()).rejects.toMatchObject({
    code: 'start-failed',
    message: expect.stringMatching(/^startCluster: the supervisor's program, .*supervisor\.cjs, is not there$/),
    hint: 'raftctl/testing finds its programs beside itself: leave it out of your bundle (external)',
  });
});
