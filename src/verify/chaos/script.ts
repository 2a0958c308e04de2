import { commandsOf, type Fault, lasts } from '../faults/index.js';
import type { Seen } from './run.js';

interface Line {
  readonly atMs: number;
  readonly commands: readonly string[];
}

/**
 * What was done, as a script that `exec` runs: on the same nodes, at the same times. What the run did by itself in the
 * background (clients, watches, the verdict) is there as commands, too.
 */
export function chaosScript({ options, nodes, faults, endedMs }: Seen): string {
  const lines: Line[] = faults
    .filter(({ refused }) => refused === null)
    .flatMap(({ fault, beginMs, endMs }) => [
      { atMs: beginMs, commands: attempted(fault) },
      ...(lasts(fault) ? [{ atMs: endMs ?? endedMs, commands: mendingOf(fault) }] : []),
    ])
    .sort((one, other) => one.atMs - other.atMs);
  const { seed, durationMs, clients } = options;
  return [
    `# chaos --seed ${seed} --for ${durationMs / 1e3}s --faults ${options.faults.join(',')} --clients ${clients} --nodes ${nodes}`,
    '# What that run did, at the times at which it did it.',
    `up --nodes ${nodes}`,
    'wait leader',
    'set timeout 30s',
    `load mixed --clients ${clients} --rate ${clients * 80} --for ${Math.ceil((durationMs + 5_000) / 1e3)}s &load`,
    ...timed(lines),
    'heal',
    'start down',
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

/** What takes its time does not hold up what came meanwhile. */
const attempted = (fault: Fault): readonly string[] => commandsOf(fault);

function mendingOf(fault: Fault): readonly string[] {
  switch (fault.type) {
    case 'kill':
      return fault.nodes.map((node) => `start ${node}`);
    case 'pause':
      return fault.nodes.map((node) => `resume ${node}`);
    case 'disk':
      return ['heal', ...(fault.disk.type === 'slow' ? [] : [`start ${fault.node}`])];
    default:
      return ['heal'];
  }
}
