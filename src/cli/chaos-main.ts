import { asError, formatHostPort } from '../base/index.js';
import { realClock } from '../base/real/clock.js';
import { realRandom } from '../base/real/random.js';
import { realScheduler } from '../base/real/scheduler.js';
import { connect } from '../client/index.js';
import { connectControl, type RemoteControl } from '../cluster/index.js';
import { type ChaosNews, type ChaosOrder, ControlTarget, writeLeavings } from '../console/chaos/index.js';
import { writeReport } from '../console/files/index.js';
import { ChaosRun, chaosScript, chaosText, type Judgement, judge, type Seen } from '../verify/chaos/index.js';
import { verdictText } from '../verify/checker/index.js';
import { textOf } from '../verify/faults/index.js';
import { historyLine } from '../verify/history/index.js';

const CONNECT_MS = 10_000;
/** Of the events of the cluster, in the evidence. */
const EVENTS_MAX = 20_000;

const tell = (news: ChaosNews): void => void process.stdout.write(`${JSON.stringify(news)}\n`);

/** The worker of `chaos`: its order as one JSON argument. Written by `chaos`, for `chaos`. */
async function main(): Promise<void> {
  const order = JSON.parse(process.argv[2] ?? '') as ChaosOrder;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const control = await connectControl(order.socket);
  try {
    const { release, released } = await hold(control, order.console);
    const seen = await run(order, control, stop.signal);
    release();
    // The supervisor mends what is left before it lets go; a supervisor that is gone has nothing to mend.
    await released;
    const judgement = judge(seen, realClock);
    const bundle = judgement.result.verdict === 'violation' ? await keepEvidence(seen, judgement, control) : null;
    const result = { ...judgement.result, bundle };
    if (order.script !== null) writeReport(order.script, chaosScript(seen));
    tell({ type: 'result', result, text: chaosText(result) });
  } finally {
    control.close();
  }
}

/** The cluster is ours until `release`; rejects while somebody else has it. */
async function hold(
  control: RemoteControl,
  holder: string,
): Promise<{ readonly release: () => void; readonly released: Promise<void> }> {
  const end = new AbortController();
  let released: Promise<void> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    released = control.holdForChaos(holder, { signal: end.signal, onHeld: resolve }).catch((thrown) => {
      reject(thrown);
    });
  });
  return { release: () => end.abort(), released };
}

function run(order: ChaosOrder, control: RemoteControl, signal: AbortSignal): Promise<Seen> {
  const cluster = new ControlTarget({ control, scheduler: realScheduler, unitMs: order.unitMs });
  const connectOne = () =>
    connect(control.live().membership.members.map(formatHostPort), {
      timeoutMs: CONNECT_MS,
      clusterId: control.clusterId,
    });
  const parts = {
    cluster,
    connect: connectOne,
    clock: realClock,
    scheduler: realScheduler,
    random: realRandom,
    signal,
  };
  return new ChaosRun(order, {
    ...parts,
    onProgress: (progress) => tell({ type: 'progress', progress }),
    onFault: ({ beginMs, fault }) => tell({ type: 'fault', atMs: Math.round(beginMs), text: textOf(fault) }),
  }).run();
}

/** What proves a violation, in a directory of its own; answers its name. */
async function keepEvidence(
  seen: Seen,
  { result, verdict, operations }: Judgement,
  control: RemoteControl,
): Promise<string> {
  const { events } = await control.events.read({ after: 0, limit: EVENTS_MAX, fromEnd: true });
  const lines = (items: readonly unknown[]) => items.map((item) => `${JSON.stringify(item)}\n`).join('');
  return writeLeavings('.', `chaos-seed-${result.seed}`, {
    'result.json': `${JSON.stringify(result, null, 2)}\n`,
    'verdict.txt': `${[...result.findings, '', verdictText(verdict)].join('\n')}\n`,
    'history.jsonl': operations.map((operation) => `${historyLine(operation, 0n)}\n`).join(''),
    'watches.jsonl': lines(
      seen.watches.flatMap((stretches, nth) => stretches.map((stretch) => ({ watch: nth + 1, ...stretch }))),
    ),
    'events.jsonl': lines(events),
    'again.raft': chaosScript(seen),
  });
}

main().catch((thrown: unknown) => {
  const { code, message, hint } = asError(thrown);
  tell({ type: 'error', code, message, hint });
  process.exitCode = 1;
});
