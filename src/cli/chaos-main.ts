import { join } from 'node:path';
import { asError, formatHostPort } from '../base/index.js';
import { realClock } from '../base/real/clock.js';
import { realRandom } from '../base/real/random.js';
import { realScheduler } from '../base/real/scheduler.js';
import { connect } from '../client/index.js';
import { connectControl, type RemoteControl } from '../cluster/index.js';
import { BundleContents } from '../console/bundle/index.js';
import { type ChaosNews, type ChaosOrder, ControlTarget, writeLeavings } from '../console/chaos/index.js';
import { writeArchive } from '../console/files/archive.js';
import { writeReport } from '../console/files/index.js';
import type { MergedEvent } from '../diagnostics/index.js';
import {
  ChaosRun,
  chaosRecord,
  chaosScript,
  chaosText,
  type Judgement,
  judge,
  Newest,
  type Seen,
} from '../verify/chaos/index.js';
import { verdictText } from '../verify/checker/index.js';
import { textOf } from '../verify/faults/index.js';
import { historyLine } from '../verify/history/index.js';
import { reportPage } from '../verify/report/index.js';

const CONNECT_MS = 10_000;
/** Beyond that nobody reads them. */
const EVENTS_MAX = 100_000;

const tell = (news: ChaosNews): void => void process.stdout.write(`${JSON.stringify(news)}\n`);

/** The worker of `chaos`: its order as one JSON argument. Written by `chaos`, for `chaos`. */
async function main(): Promise<void> {
  const order = JSON.parse(process.argv[2] ?? '') as ChaosOrder;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const control = await connectControl(order.socket);
  try {
    const startedAt = new Date(realClock.wall());
    const events = collectEvents(control);
    const { release, released } = await hold(control, order.console);
    const seen = await run(order, control, stop.signal);
    release();
    // The supervisor mends what is left before it lets go; a supervisor that is gone has nothing to mend.
    await released;
    events.stop();
    const judgement = judge(seen, realClock);
    const isWrong = judgement.result.verdict === 'violation';
    const { items: told, gone: eventsGone } = events.all;
    const page = () =>
      reportPage(chaosRecord(seen, judgement, { cluster: control.config.name, events: told, eventsGone, startedAt }));
    if (order.script !== null) writeReport(order.script, chaosScript(seen));
    if (order.report !== null) writeReport(order.report, page());
    const bundle = isWrong ? await keepEvidence(seen, judgement, control, events.all, page()) : null;
    const result = { ...judgement.result, bundle };
    tell({ type: 'result', result, text: chaosText(result) });
  } finally {
    control.close();
  }
}

/** The newest of what the cluster has told and tells, until it is stopped: what nodes were when the run began, too. */
function collectEvents(control: RemoteControl): { readonly all: Newest<MergedEvent>; stop(): void } {
  const all = new Newest<MergedEvent>(EVENTS_MAX);
  const stop = control.events.subscribe(0, {}, (events) => all.add(events));
  return { all, stop };
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
  events: Newest<MergedEvent>,
  page: string,
): Promise<string> {
  const lines = (items: readonly unknown[]) => items.map((item) => `${JSON.stringify(item)}\n`).join('');
  const watched = seen.watches.flatMap((stretches, nth) =>
    stretches.map((stretch) => ({ watch: nth + 1, ...stretch })),
  );
  const directory = writeLeavings('.', `chaos-seed-${result.seed}`, {
    'result.json': `${JSON.stringify(result, null, 2)}\n`,
    'verdict.txt': `${[...result.findings, ...sayGone(events), '', verdictText(verdict)].join('\n')}\n`,
    'history.jsonl': operations.map((operation) => `${historyLine(operation, 0n)}\n`).join(''),
    'watches.jsonl': lines(watched),
    'events.jsonl': lines(events.items),
    'again.raft': chaosScript(seen),
    'report.html': page,
  });
  await bundleInto(join(directory, 'cluster.tar.gz'), control);
  return directory;
}

const sayGone = ({ items, gone }: Newest<MergedEvent>): readonly string[] =>
  gone === 0 ? [] : [`events.jsonl holds the newest ${items.length} events; ${gone} older ones are gone`];

/** What a bug report needs of the cluster, logs above all, as far as it is still there. */
async function bundleInto(file: string, control: RemoteControl): Promise<void> {
  const wall = realClock.wall();
  const contents = new BundleContents({
    control,
    whyNot: null,
    directory: control.directory,
    history: [],
    data: true,
    withoutKeys: (line) => line,
    wall,
    signal: new AbortController().signal,
  });
  await writeArchive(contents.files(), { file, root: 'cluster', wall, unique: String(process.pid) }).catch(() => {});
}

main().catch((thrown: unknown) => {
  const { code, message, hint } = asError(thrown);
  tell({ type: 'error', code, message, hint });
  process.exitCode = 1;
});
