import type { Emit, NodeId } from '../base/index.js';
import type { NodeHandle } from './node-handle.js';
import { hasProcess } from './process-state.js';

export interface StopOptions {
  readonly nodes: readonly NodeHandle[];
  readonly leader: NodeId | null;
  /** For each of the two steps. */
  readonly timeoutMs: number;
  readonly emit: Emit;
  readonly onProgress: (text: string) => void;
}

/**
 * Followers first and the leader last: no election is held on the way down, and none is waited for. Nodes of a step
 * stop at the same time. What does not leave within the bound is killed.
 */
export async function stopInOrder({ nodes, leader, timeoutMs, emit, onProgress }: StopOptions): Promise<void> {
  const followers = nodes.filter(({ id }) => id !== leader);
  const leading = nodes.filter(({ id }) => id === leader);
  for (const step of [followers, leading]) {
    const waiting = new Set(step.filter(({ state }) => hasProcess(state)).map(({ id }) => id));
    const progress = () => waiting.size > 0 && onProgress(`waiting for ${[...waiting].join(', ')} to stop`);
    progress();
    await Promise.all(
      step.map(async ({ id, process }) => {
        if (process.pid !== null)
          emit.emit('info', 'process-stopping', { node: id, pid: process.pid, action: 'stop', led: id === leader });
        await process.stop(timeoutMs);
        if (waiting.delete(id)) progress();
      }),
    );
  }
}
