import { RaftctlError } from '../../base/index.js';
import type { Verdict } from '../../verify/checker/index.js';
import { type Operation, parseHistory } from '../../verify/history/index.js';
import { type PastParts, type Writers, writersOf } from './others.js';
import type { RecordedHistory } from './recorded-history.js';

/** A verdict on what was recorded, and what it is not about. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly leftOut: readonly LeftOut[];
}

export interface LeftOut {
  /** A key, or what the keys of a load begin with. */
  readonly key: string;
  readonly reason: string;
}

export interface JudgeParts {
  readonly check: (lines: readonly string[]) => Promise<Verdict>;
  /** To look up who else has written a key that the verdict is against; asked for when it is needed. */
  readonly past: () => Promise<PastParts>;
}

/** Checks what was recorded. What others did is found out before anything is called wrong. */
export async function judge(recorded: RecordedHistory, { check, past }: JudgeParts): Promise<Judgement> {
  const loads = recorded.loadsLeftOut.map(({ keyPrefix, state }) => ({
    key: `${keyPrefix}*`,
    reason: state === 'running' ? 'the load is still running' : 'not all of the load was recorded',
  }));
  const writers = new Map<string, Writers>();
  const keysOf = (which: Writers) => new Set([...writers].filter(([, each]) => each === which).map(([key]) => key));
  for (;;) {
    const others = keysOf('others');
    const leftOut = [...loads, ...[...others].map((key) => ({ key, reason: 'somebody else has written it' }))];
    const lines = recorded.lines(others);
    if (lines.length === 0) throw nothingToJudge(leftOut);
    const verdict = await check(lines);
    const accused = accusedIn(verdict).filter((key) => !writers.has(key));
    if (accused.length > 0) await lookUp(writers, accused, { recorded, lines, past });
    // Without the keys of others it may look different for the rest.
    if (keysOf('others').size > others.size) continue;
    return { verdict: withUndecided(verdict, keysOf('unknown')), leftOut };
  }
}

function accusedIn({ byKey, violations }: Verdict): readonly string[] {
  const wrong = byKey.filter(({ verdict }) => verdict === 'violation');
  return [...new Set([...wrong, ...violations].map(({ key }) => key))];
}

/** Finds out who has written each of `keys`. */
async function lookUp(
  writers: Map<string, Writers>,
  keys: readonly string[],
  { recorded, lines, past }: Pick<JudgeParts, 'past'> & { recorded: RecordedHistory; lines: readonly string[] },
): Promise<void> {
  const { operations } = parseHistory(lines.flatMap((each) => each.split('\n')));
  const byKey = new Map<string, Operation[]>(keys.map((key) => [key, []]));
  for (const operation of operations) if (operation.client !== 'before') byKey.get(operation.key)?.push(operation);
  const parts = await past();
  for (const [key, ofKey] of byKey) {
    const valuePrefix = recorded.loadValuePrefix(key);
    const found = await writersOf({ key, operations: ofKey, valuePrefix }, parts);
    // Nobody else is expected on the keys of a load: what cannot be explained stands.
    writers.set(key, found === 'unknown' && valuePrefix !== null ? 'ours' : found);
  }
}

/** What was seen of `keys` has no order by itself, and others may have written them: that is neither right nor wrong. */
function withUndecided(verdict: Verdict, keys: ReadonlySet<string>): Verdict {
  if (!accusedIn(verdict).some((key) => keys.has(key))) return verdict;
  const byKey = verdict.byKey.map((each) =>
    keys.has(each.key) ? ({ ...each, verdict: 'undecided', decidedBy: null, gaveUp: null } as const) : each,
  );
  const violations = verdict.violations.filter(({ key }) => !keys.has(key));
  return { ...verdict, verdict: violations.length > 0 ? 'violation' : 'undecided', byKey, violations };
}

const nothingToJudge = (leftOut: readonly LeftOut[]): RaftctlError => {
  const why = leftOut.map(({ key, reason }) => `${key}: ${reason}`).join('; ');
  return new RaftctlError(
    'history-invalid',
    `there is nothing to check${why === '' ? '' : ` but what is left out: ${why}`}`,
    {
      hint: 'check judges what was put, read, compared and deleted here, and what loads did; check FILE judges a recorded history',
    },
  );
};
