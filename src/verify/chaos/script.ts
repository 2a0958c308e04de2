import type { NodeId } from '../../base/index.js';
import { commandsOf, type Fault, isImpairment, lasts, struckBy } from '../faults/index.js';
import type { DoneFault } from './breaker.js';
import type { Seen } from './run.js';

interface Line {
  readonly atMs: number;
  readonly commands: readonly string[];
}

/** Operations per second and client, as a run has them. */
const RATE = 80;
/** The load goes on for a while behind the last fault. */
const LOAD_LONGER_MS = 5_000;

/**
 * What was done, as a script that `exec` runs: on the same nodes, at the same times, or as soon as what stands before is
 * done. What the run did by itself in the background (clients, watches, the verdict) is there as commands, too.
 */
export function chaosScript({ options, nodes, faults, endedMs }: Seen): string {
  const done = faults.filter(({ refused }) => refused === null);
  const lines: Line[] = done
    .flatMap((one) => [
      { atMs: strikeMs(one), commands: strikingOf(one.fault) },
      ...(lasts(one.fault) ? [{ atMs: one.endMs ?? endedMs, commands: mendingOf(one, done) }] : []),
    ])
    .sort((one, other) => one.atMs - other.atMs);
  const { seed, durationMs, clients } = options;
  const kinds = options.faults.join(',');
  return [
    `# chaos --seed ${seed} --for ${durationMs / 1e3}s --faults ${kinds} --clients ${clients} --nodes ${nodes}`,
    '# What that run did, at the times at which it did it.',
    `up --nodes ${nodes}`,
    'wait leader',
    'set timeout 30s',
    `load mixed --clients ${clients} --rate ${clients * RATE} --for ${Math.ceil((durationMs + LOAD_LONGER_MS) / 1e3)}s &load`,
    ...timed(lines),
    'wait leader',
    `wait job load --timeout ${Math.ceil(durationMs / 1e3) + 60}s`,
    'hash => equal',
    'check => linearizable',
    '',
  ].join('\n');
}

function timed(lines: readonly Line[]): readonly string[] {
  let now = 0;
  return lines.flatMap(({ atMs, commands }) => {
    const ms = Math.round(atMs - now);
    now = Math.max(now, atMs);
    return [...(ms > 0 ? [`sleep ${ms}ms`] : []), ...commands];
  });
}

/** A change of the membership where it was over: until then, whoever was to leave was there to be struck. */
const strikeMs = ({ fault, beginMs, endMs }: DoneFault): number =>
  fault.type === 'membership' ? (endMs ?? beginMs) : beginMs;

/** Who leads then may be another: to whom it hands over is not said. */
const strikingOf = (fault: Fault): readonly string[] =>
  fault.type === 'transfer' ? ['within 10s transfer'] : commandsOf(fault);

function mendingOf({ fault, beginMs, endMs }: DoneFault, faults: readonly DoneFault[]): readonly string[] {
  const meanwhile = faults.filter(
    (other) => strikeMs(other) >= beginMs && strikeMs(other) <= (endMs ?? strikeMs(other)),
  );
  const hit = (types: readonly Fault['type'][]): readonly NodeId[] =>
    meanwhile.flatMap(({ fault: other }) => (types.includes(other.type) ? struckBy(other) : []));
  // Of who has left there is nothing to be started; who was killed, or began anew, is not frozen any more.
  const left = hit(['membership']);
  const ended = hit(['kill', 'restart', 'membership']);
  // To heal one is to heal all: what was to go on is done again.
  const others = meanwhileAlso(faults, endMs).filter((other) => !struckBy(other).some((node) => left.includes(node)));
  const healing = ['heal', ...others.flatMap(commandsOf)];
  switch (fault.type) {
    case 'kill':
      return fault.nodes.filter((node) => !left.includes(node)).map((node) => `start ${node}`);
    case 'pause':
      return fault.nodes.filter((node) => !ended.includes(node)).map((node) => `resume ${node}`);
    case 'disk':
      return [...healing, ...(fault.disk.type === 'slow' || left.includes(fault.node) ? [] : [`start ${fault.node}`])];
    default:
      return healing;
  }
}

/** Links and disks that were broken before that moment and stayed so. */
const meanwhileAlso = (faults: readonly DoneFault[], momentMs: number | null): readonly Fault[] =>
  momentMs === null
    ? []
    : faults
        .filter(({ beginMs, endMs }) => beginMs < momentMs && (endMs === null || endMs > momentMs))
        .map(({ fault }) => fault)
        .filter(isImpairment);
