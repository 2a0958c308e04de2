import { type Clock, type ErrorCode, type Listeners, RaftctlError, type Scheduler, until } from '../base/index.js';

export interface AskLeaderContext<Leader> {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly changes: Listeners;
  /** Who leads, as far as is known. */
  readonly leader: () => Leader | undefined;
}

/** Asked too early or too late: events are on their way. */
const ASK_AGAIN_MS = 20;
/** It says that it does not lead, or it was not asked at all. */
const ASKED_IN_VAIN: ReadonlySet<ErrorCode> = new Set(['not-leader', 'not-running', 'unreachable']);

/**
 * Asks whoever leads, and the next one when that one does not lead any more. `ask` gets the milliseconds that are left.
 * Rejects with `no-leader` when time is up without one, and with what the leader says.
 */
export async function askLeader<Leader, T>(
  context: AskLeaderContext<Leader>,
  timeoutMs: number,
  ask: (leader: Leader, leftMs: number) => Promise<T>,
): Promise<T> {
  const { clock, scheduler } = context;
  const deadline = clock.now() + timeoutMs;
  for (;;) {
    const leader = await untilLed(context, deadline);
    try {
      return await ask(leader, deadline - clock.now());
    } catch (thrown) {
      const isLate = clock.now() + ASK_AGAIN_MS >= deadline;
      if (!(thrown instanceof RaftctlError) || !ASKED_IN_VAIN.has(thrown.code) || isLate) throw thrown;
    }
    await new Promise<void>((resolve) => scheduler.after(ASK_AGAIN_MS, resolve));
  }
}

function untilLed<Leader>(
  { leader, changes, scheduler, clock }: AskLeaderContext<Leader>,
  deadline: number,
): Promise<Leader> {
  return until(leader, {
    changes,
    scheduler,
    timeoutMs: Math.max(0, deadline - clock.now()),
    late: (waitedMs) =>
      new RaftctlError('no-leader', `no leader is known, and none came within ${Math.round(waitedMs)} ms`, {
        hint: 'status shows what each node is doing',
      }),
  });
}
