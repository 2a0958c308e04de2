import { type Emit, messageOf, type NodeId } from '../base/index.js';
import { type AskLeaderContext, askLeader } from './ask-leader.js';
import type { Transferred } from './control.js';
import type { NodeHandle } from './node-handle.js';

export interface TransferContext extends AskLeaderContext<Pick<NodeHandle, 'id' | 'transfer'>> {
  readonly emit: Emit;
}

/** Some milliseconds as a rule; an election timeout when it fails. */
const TRANSFER_TIMEOUT_MS = 10_000;

/** Has the leader hand over, to `to` or to whoever lacks the least. */
export function transferLeadership(
  context: TransferContext,
  to: NodeId | undefined,
  timeoutMs = TRANSFER_TIMEOUT_MS,
): Promise<Transferred> {
  const { clock, emit } = context;
  return askLeader(context, timeoutMs, async (leader, leftMs) => {
    const at = clock.now();
    emit.emit('info', 'transfer-asked', { node: leader.id, to, led: true });
    try {
      const led = await leader.transfer(to ?? null, leftMs);
      return { from: leader.id, ...led, at, tookMs: clock.now() - at };
    } catch (thrown) {
      emit.emit('info', 'transfer-failed', { node: leader.id, to, error: messageOf(thrown) });
      throw thrown;
    }
  });
}
