import { describe, expect, it } from 'vitest';
import { assertTransition, mayFollow, PROCESS_STATES, type ProcessStateName } from '../../src/cluster/process-state.js';

const LEGAL: readonly `${ProcessStateName} -> ${ProcessStateName}`[] = [
  'stopped -> starting',
  'starting -> running',
  'starting -> stopping',
  'starting -> stopped',
  'starting -> crashed',
  'running -> paused',
  'running -> stopping',
  'running -> stopped',
  'running -> crashed',
  'paused -> running',
  'paused -> stopping',
  'paused -> stopped',
  'paused -> crashed',
  'stopping -> stopped',
  'crashed -> starting',
  'crashed -> backoff',
  'crashed -> failed',
  'crashed -> stopped',
  'backoff -> starting',
  'backoff -> stopped',
  'failed -> starting',
  'failed -> stopped',
];

describe('the state of a process', () => {
  it('takes these steps and no others', () => {
    const taken = PROCESS_STATES.flatMap((before) =>
      PROCESS_STATES.filter((after) => mayFollow(before, after)).map((after) => `${before} -> ${after}`),
    );
    expect(taken.sort()).toEqual([...LEGAL].sort());
  });

  it('is a bug to leave any other way', () => {
    expect(() => assertTransition('failed', 'running')).toThrow('a process cannot go from failed to running');
  });
});
