import { RaftctlError } from '../../base/index.js';
import type { Verdict } from '../../verify/checker/index.js';
import type { Context } from '../context.js';
import type { Outcome } from '../outcome.js';
import { type Data, sanitizeLine } from '../output/index.js';
import type { LeftOut } from '../recorded/judge.js';
import type { CheckSource } from '../surface.js';
import type { Invocation } from './invocation.js';
import type { CommandSpec } from './spec.js';

const CHECK_MS = 60_000;
const OURS = 'what was done here';

const check: CommandSpec = {
  name: 'check',
  group: 'load',
  about: 'Decides whether a history is linearizable: of a file, or of what was typed and loaded here',
  arguments: [{ name: 'HISTORY', kind: { type: 'file' }, optional: true }],
  options: [
    { name: 'key', value: { label: 'KEY', kind: { type: 'key' } }, about: 'only the operations on this key' },
    { name: 'save', value: { label: 'FILE', kind: { type: 'file' } }, about: 'keep what was done here as a history' },
  ],
  examples: [
    { line: 'check', about: 'everything put, read, compared, deleted and loaded at this prompt or in this script' },
    { line: 'check => ok', about: 'in a script: nothing was lost, and nothing was stale' },
    { line: 'check history.jsonl', about: 'JSON lines, one operation a line; - for standard input' },
    { line: 'check --save history.jsonl', about: 'for somebody else to look at' },
  ],
  details:
    'Exit code 7 and an explanation when it is not, 5 when it could not be decided within --timeout (60s). Keys that ' +
    'others have written too are left out of what was done here, and so are loads that still run; it says so. A key that ' +
    'is wrong as far as was seen here is undecided (5) when nobody can tell who has written it. The format, and how to ' +
    'read the verdict: docs/checker.md.',
  offline: true,
  unbounded: () => true,
  run: (context, call) => (call.has('HISTORY') ? checkFile(context, call) : checkRecorded(context, call)),
};

export const CHECK_COMMANDS: readonly CommandSpec[] = [check];

async function checkFile(context: Context, call: Invocation): Promise<Outcome> {
  if (call.has('save'))
    throw new RaftctlError('usage', 'check --save is about what was done here: it takes no HISTORY');
  const file = call.text('HISTORY');
  if (call.isDash('HISTORY') && !context.surface.readInput) {
    throw new RaftctlError('usage', 'check - reads standard input, which the prompt itself reads', {
      hint: 'raftctl check - from a shell',
    });
  }
  const name = file === '-' ? 'standard input' : file;
  const verdict = await runCheck(
    context,
    call,
    name,
    call.isDash('HISTORY') ? { type: 'input' } : { type: 'file', file },
  );
  return outcomeOf(verdict, null);
}

async function checkRecorded(context: Context, call: Invocation): Promise<Outcome> {
  const { scope, surface, cluster } = context;
  if (surface.origin === 'one-shot') {
    throw new RaftctlError(
      'usage',
      'check without a HISTORY judges what was done at a prompt or in a script: nothing was done here',
      {
        hint: 'raftctl check FILE checks a recorded history; check, typed at the prompt, what was done there',
      },
    );
  }
  const { judge } = await import('../recorded/judge.js');
  const save = call.find('save');
  const judgement = await judge(scope.recorded, {
    check: (lines) => runCheck(context, call, OURS, { type: 'lines', lines, save }),
    past: async () => ({
      client: await cluster.client(context.timeoutMs),
      clock: surface.clock,
      scheduler: surface.scheduler,
    }),
  });
  return outcomeOf(judgement.verdict, judgement.leftOut);
}

function runCheck(context: Context, call: Invocation, name: string, source: CheckSource): Promise<Verdict> {
  const { surface, signal } = context;
  if (!surface.runCheck) throw new RaftctlError('usage', 'check is not possible here');
  context.waiting(`${name} to be checked`);
  const key = call.find('key');
  const timeoutMs = call.duration('timeout') ?? CHECK_MS;
  return surface.runCheck({ source, name, timeoutMs, ...(key !== undefined && { key }) }, signal);
}

/** `leftOut`: null where nothing could be. */
async function outcomeOf(verdict: Verdict, leftOut: readonly LeftOut[] | null): Promise<Outcome> {
  const { verdictText } = await import('../../verify/checker/text.js');
  const { verdict: decision, violations, byKey } = verdict;
  const undecided = byKey.filter((each) => each.verdict === 'undecided').map(({ key }) => sanitizeLine(key));
  const document = { ...verdict, ...(leftOut && { leftOut }) };
  const bad =
    decision === 'violation'
      ? `not linearizable: ${[...new Set(violations.map(({ kind, key }) => `${kind} of ${sanitizeLine(key)}`))].join(', ')}`
      : `undecided: ${listed(undecided)}: that is not a pass`;
  return {
    // A plain document: it came as one from the process that checked.
    document: document as unknown as Data,
    principal: decision,
    text: () => [verdictText(verdict), ...(leftOut ?? []).map(leftOutText)].join('\n'),
    ...(decision === 'linearizable'
      ? {}
      : { unmet: bad, unmetCode: decision === 'violation' ? 'violation' : 'timeout' }),
  };
}

/** A load may have as many keys as it likes. */
const KEYS_NAMED_MAX = 5;
const listed = (keys: readonly string[]): string =>
  keys.length <= KEYS_NAMED_MAX
    ? keys.join(', ')
    : `${keys.slice(0, KEYS_NAMED_MAX).join(', ')} and ${keys.length - KEYS_NAMED_MAX} more`;

const leftOutText = ({ key, reason }: LeftOut): string => `left out: ${sanitizeLine(key)}: ${reason}`;
