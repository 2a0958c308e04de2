import { type ErrorCode, RaftctlError, randomInt } from '../../base/index.js';
import type { ClusterControl } from '../../cluster/index.js';
import { FAULT_KINDS, type FaultKind, parseKinds } from '../../verify/faults/kinds.js';
import {
  CHAOS_END_MS,
  type ChaosAnswer,
  type ChaosOrder,
  type ChaosProgress,
  type ChaosResult,
} from '../chaos/order.js';
import type { Context } from '../context.js';
import { refuseUnwritable } from '../files/chaos-files.js';
import { formatDuration } from '../language/duration.js';
import type { Outcome } from '../outcome.js';
import type { DataObject } from '../output/index.js';
import type { Invocation } from './invocation.js';
import type { CommandSpec } from './spec.js';

const CLIENTS_MAX = 256;
const DURATION_MIN_MS = 1_000;
const DURATION_MAX_MS = 24 * 3_600_000;
const SEED_MAX = 0x7fff_ffff;
const NODES_MIN = 3;
const NODES_MAX = 7;

const chaos: CommandSpec = {
  name: 'chaos',
  group: 'load',
  acts: true,
  about: 'Breaks the cluster at random while clients use it, mends it, and says whether anything was lost',
  arguments: [],
  options: [
    { name: 'for', value: { label: 'DUR', kind: { type: 'duration' } }, about: 'how long faults go on (60s)' },
    {
      name: 'seed',
      value: { label: 'N', kind: { type: 'count' } },
      about: 'what faults are drawn from (a random one)',
    },
    {
      name: 'faults',
      value: { label: 'KINDS', kind: { type: 'text' } },
      about: 'kill,pause,restart,partition,cut,slow,flaky,disk,transfer,membership (all)',
    },
    { name: 'clients', value: { label: 'N', kind: { type: 'count' } }, about: 'who write and read meanwhile (8)' },
    {
      name: 'nodes',
      value: { label: 'N', kind: { type: 'count' } },
      about: 'on a temporary cluster of its own with so many nodes (from a shell; 5 when no cluster runs)',
    },
    {
      name: 'report',
      value: { label: 'FILE', kind: { type: 'file' } },
      about: 'write a page that shows the run, one HTML file',
    },
    {
      name: 'script',
      value: { label: 'FILE', kind: { type: 'file' } },
      about: 'write what was done as a script for exec',
    },
  ],
  examples: [
    { line: 'chaos', about: 'a minute of everything there is; from a shell without a cluster, on one of its own' },
    { line: 'chaos --for 10s --faults kill,partition', about: 'ten seconds of two kinds' },
    { line: 'chaos --seed 42 --nodes 5 --script again.raft', about: 'one run, and a script that does the same again' },
  ],
  details:
    'Exit code 7: a violation; what proves it is in the directory that is named then. 5: the history could not be decided.\n' +
    '1: too little happened to call it a pass. Ctrl-C mends what is broken and says what was found until then.\n' +
    'membership erases the data of nodes that it removes and rewrites cluster.yaml, on a cluster of yours, too: --faults\n' +
    'without it where names or directories matter.\n' +
    'docs/chaos.md describes faults, verdict and the JSON document.',
  unbounded: () => true,
  interruptMs: CHAOS_END_MS,
  refuse: checkWords,
  async run(context, call) {
    const { cluster, surface } = context;
    if (!surface.runChaos) throw new RaftctlError('usage', 'chaos is not possible here');
    checkWords(call);
    if (surface.origin !== 'one-shot' && call.count('nodes') !== undefined)
      throw new RaftctlError('usage', '--nodes starts a cluster of its own, and here is one already', {
        hint: 'from a shell: raftctl chaos --nodes 5',
      });
    const control = cluster.control();
    const order = orderOf(context, call, control);
    const { clock } = surface;
    const startedAt = clock.now();
    const answer = await surface.runChaos(order, context.signal, (news) => {
      if (news.type === 'progress') context.progress(progressText(news.progress));
      else if (news.type === 'fault' && !context.output.view.terminal && context.output.format === 'text')
        context.output.say(`${(news.atMs / 1e3).toFixed(1)} s  ${news.text}`);
    });
    return outcomeOf(answer, clock.now() - startedAt);
  },
};

export const CHAOS_COMMANDS: readonly CommandSpec[] = [chaos];

const seedOf = (call: Invocation, otherwise: number): number =>
  within(call, 'seed', { least: 0, most: SEED_MAX, otherwise });
const clientsOf = (call: Invocation): number => within(call, 'clients', { least: 1, most: CLIENTS_MAX, otherwise: 8 });

/** What can be told before there is a cluster. */
function checkWords(call: Invocation): void {
  durationOf(call);
  seedOf(call, 1);
  clientsOf(call);
  within(call, 'nodes', { least: NODES_MIN, most: NODES_MAX, otherwise: NODES_MIN });
  faultsOf(call);
  for (const name of ['report', 'script']) {
    const file = call.find(name);
    if (file !== undefined) refuseUnwritable(`--${name}`, file);
  }
}

function faultsOf(call: Invocation): readonly FaultKind[] {
  const names = call.find('faults');
  return names === undefined ? FAULT_KINDS : parseKinds(names);
}

function orderOf({ surface }: Context, call: Invocation, control: ClusterControl): ChaosOrder {
  return {
    seed: seedOf(call, randomInt(surface.random, 1, SEED_MAX)),
    durationMs: durationOf(call),
    faults: faultsOf(call),
    clients: clientsOf(call),
    unitMs: control.config.raft.electionTimeoutMs[1],
    prefix: `chaos-${randomInt(surface.random, 0, 0xffff_ffff).toString(36)}-`,
    socket: control.socketPath,
    console: surface.console,
    script: call.find('script') ?? null,
    report: call.find('report') ?? null,
  };
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly otherwise: number;
}

function within(call: Invocation, name: string, { least, most, otherwise }: Bounds): number {
  const value = call.count(name) ?? otherwise;
  if (value >= least && value <= most) return value;
  throw new RaftctlError('usage', `--${name}: expected ${least} to ${most}, got ${value}`);
}

function durationOf(call: Invocation): number {
  const ms = call.duration('for') ?? 60_000;
  if (ms >= DURATION_MIN_MS && ms <= DURATION_MAX_MS) return ms;
  throw new RaftctlError('usage', `--for: expected 1s to 24h, got ${formatDuration(ms)}`);
}

/** It came as JSON. */
const documentOf = (result: ChaosResult): DataObject => result as unknown as DataObject;

/** Exit codes 7, 1, 130 and 3. */
const CODES: Readonly<Record<Exclude<ChaosResult['verdict'], 'ok'>, ErrorCode>> = {
  violation: 'violation',
  inconclusive: 'command-failed',
  interrupted: 'interrupted',
  aborted: 'not-running',
};

function outcomeOf({ result, text }: ChaosAnswer, tookMs: number): Outcome {
  const { verdict, findings, linearizable } = result;
  const isUndecided = verdict === 'inconclusive' && linearizable === 'undecided';
  const why = findings[0] ?? verdict;
  return {
    document: { ...documentOf(result), tookMs: Math.round(tookMs) },
    principal: verdict === 'ok' ? 'ok' : why,
    text: () => (result.bundle === null ? text : `${text}\nevidence    ${result.bundle}`),
    ...(verdict === 'ok' ? {} : { unmet: why, unmetCode: isUndecided ? 'timeout' : CODES[verdict] }),
  };
}

function progressText({ phase, leftMs, inForce, ok, failed, unknown, longestGapMs }: ChaosProgress): string {
  const now = phase === 'breaking' ? `${Math.ceil(leftMs / 1e3)} s left` : phase;
  const broken = inForce.length > 0 ? inForce.join(' · ') : 'all is whole';
  const counts = `${ok.toLocaleString('en-US')} ok, ${failed} failed, ${unknown} unknown`;
  return `chaos: ${now} · ${broken} · ${counts} · longest gap ${Math.round(longestGapMs)} ms`;
}
