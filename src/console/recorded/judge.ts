import { RaftctlError } from '../../base/index.js';
import type { Verdict } from '../../verify/checker/index.js';
import { type Operation, parseHistory } from '../../verify/history/index.js';
import { type PastParts, writersOf } from './others.js';
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

const REASONS = {
  others: 'somebody else has written it',
  unknown: 'whether somebody else has written it is no longer known',
} as const;

/** Checks what was recorded. What others did is found out before anything is called wrong. */
export async function judge(recorded: RecordedHistory, { check, past }: JudgeParts): Promise<Judgement> {
  const loads = recorded.loadsLeftOut.map(({ keyPrefix, state }) => ({
    key: `${keyPrefix}*`,
    reason: state === 'running' ? 'the load is still running' : 'not all of the load was recorded',
  }));
  const lines = recorded.lines();
  if (lines.length === 0) throw nothingToJudge(loads);
  const verdict = await check(lines);
  if (verdict.verdict !== 'violation') return { verdict, leftOut: loads };
  const accused = new Set(verdict.byKey.filter((each) => each.verdict === 'violation').map(({ key }) => key));
  for (const { key } of verdict.violations) accused.add(key);
  const leftOut = await notOurs(recorded, lines, accused, past);
  if (leftOut.length === 0) return { verdict, leftOut: loads };
  const rest = recorded.lines(new Set(leftOut.map(({ key }) => key)));
  if (rest.length === 0) throw nothingToJudge([...loads, ...leftOut]);
  return { verdict: await check(rest), leftOut: [...loads, ...leftOut] };
}

async function notOurs(
  recorded: RecordedHistory,
  lines: readonly string[],
  accused: ReadonlySet<string>,
  past: JudgeParts['past'],
): Promise<readonly LeftOut[]> {
  const { operations } = parseHistory(lines.flatMap((each) => each.split('\n')));
  const byKey = new Map<string, Operation[]>([...accused].map((key) => [key, []]));
  for (const operation of operations) if (operation.client !== 'before') byKey.get(operation.key)?.push(operation);
  const leftOut: LeftOut[] = [];
  let parts: PastParts | null = null;
  for (const [key, ofKey] of byKey) {
    parts ??= await past();
    const writers = await writersOf(key, ofKey, parts);
    if (writers === 'ours' || (writers === 'unknown' && recorded.isOfLoad(key))) continue;
    leftOut.push({ key, reason: REASONS[writers] });
  }
  return leftOut;
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
