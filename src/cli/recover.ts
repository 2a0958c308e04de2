import { resolve } from 'node:path';
import { RaftctlError } from '../base/index.js';
import type { ClusterConfig, DecidedRecovery, Recovery, RecoveryPlan } from '../cluster/index.js';
import { realPath } from '../console/files/index.js';
import { toJson } from '../console/output/index.js';
import type { Printer } from '../console/results.js';
import { ask, Terminal } from '../console/terminal/index.js';
import { readConfig } from './cluster-commands.js';
import type { GlobalOptions } from './global-options.js';
import type { Host } from './host.js';

export interface RecoverOptions {
  readonly node: string;
  readonly file: string | undefined;
  readonly yes: boolean;
}

/** `raftctl recover NODE`: makes a new cluster of what one member has, when the majority is lost for good. */
export async function recover(
  options: RecoverOptions,
  global: GlobalOptions,
  printer: Printer,
  host: Host,
): Promise<number> {
  const { Recovery } = await host.loadCluster();
  const config = await readConfig(options.file, host);
  const directory = directoryOf(config);
  const { memberData } = await import('../node/main-recover.js');
  const recovery = await Recovery.open({
    directory,
    node: options.node,
    config,
    data: memberData,
    warn: (text) => printer.err(text),
    clock: host.clock,
    scheduler: host.scheduler,
  });
  try {
    return await run(recovery, options, { directory, cluster: config.name }, global, printer, host);
  } finally {
    recovery.close();
  }
}

const directoryOf = ({ storage, name }: ClusterConfig): string => realPath(resolve(storage.dir, name));

/** Who may be the survivor, of the cluster here. */
export async function recoverCandidates(host: Host): Promise<readonly string[]> {
  const { Recovery } = await host.loadCluster();
  return Recovery.members(directoryOf(await readConfig(undefined, host)));
}

interface Place {
  readonly directory: string;
  readonly cluster: string;
}

async function run(
  recovery: Recovery,
  { yes }: RecoverOptions,
  place: Place,
  global: GlobalOptions,
  printer: Printer,
  host: Host,
): Promise<number> {
  const { decided } = recovery;
  if (decided !== undefined) {
    printer.err(`goes on with the recovery of ${place.cluster} from ${decided.node} alone, which was begun before`);
    await recovery.finish(decided);
    tell(decided, undefined, place, global, printer);
    return 0;
  }
  const plan = await recovery.plan();
  for (const line of words(plan, place)) printer.err(line);
  if (!yes && !(await agreed(plan, host))) {
    printer.err('nothing was changed');
    return 1;
  }
  tell(await recovery.carryOut(plan), plan, place, global, printer);
  return 0;
}

/** What is there, what may be lost, and what comes of the rest. */
function words({ survivor: { id }, found, others }: RecoveryPlan, { cluster, directory }: Place): readonly string[] {
  const { lastIndex, lastTerm, flushedIndex, membership, forgotten } = found;
  const further = others.filter(({ missing, ...other }) => missing === undefined && isAhead(other, found));
  return [
    `recover makes a new cluster of what ${id} has, and gives up the rest of ${cluster} (${directory}):`,
    `  ${id}  its log ends with entry ${lastIndex} of term ${lastTerm}`,
    ...others.map(({ node, missing, lastIndex: last, lastTerm: term }) => {
      return `  ${node}  ${missing ?? `its log ends with entry ${last} of term ${term}`}`;
    }),
    `LOST, if there are any: writes behind entry ${lastIndex}, which the others acknowledged without ${id}; nobody can tell`,
    ...(forgotten === undefined ? [] : [`LOST: ${id} has an old copy of its data: ${forgotten}`]),
    ...(membership.learners.includes(id) ? [`${id} is a learner: it may be far behind the voters`] : []),
    ...further.map(({ node }) => `${node} has more than ${id}: raftctl recover ${node} loses less`),
    lastIndex > flushedIndex
      ? `kept: all that ${id} has, also what of the entries ${flushedIndex + 1} to ${lastIndex} was never acknowledged to anybody`
      : `kept: all that ${id} has`,
    `No node of before can join again: the new cluster has another id and another secret, ${id} another incarnation.`,
  ];
}

const isAhead = (
  { lastIndex = 0, lastTerm = 0 }: { readonly lastIndex?: number | undefined; readonly lastTerm?: number | undefined },
  found: RecoveryPlan['found'],
): boolean => lastTerm > found.lastTerm || (lastTerm === found.lastTerm && lastIndex > found.lastIndex);

/** Asks twice: a yes is quickly typed. */
async function agreed({ cluster, survivor: { id } }: RecoveryPlan, host: Host): Promise<boolean> {
  if (!host.stdin.isTTY) {
    throw new RaftctlError('usage', 'recover asks before it gives up what is lost, and there is nobody to ask', {
      hint: `raftctl recover ${id} --yes`,
    });
  }
  const terminal = new Terminal(host.stdin);
  const message = `Give up the majority of ${cluster} for good, and go on with ${id} alone?`;
  const first = await ask({ type: 'confirm', message, default: false }, terminal, host.stderr);
  if (first !== true) return false;
  const second = await ask(
    {
      type: 'input',
      message: `There is no way back. The name of the cluster, to do it:`,
      default: '',
      validate: (text) => text === cluster || text === '' || `type ${cluster}, or nothing to leave all as it is`,
    },
    terminal,
    host.stderr,
  );
  return second === cluster;
}

function tell(
  { node, clusterId, incarnation, before }: DecidedRecovery,
  plan: RecoveryPlan | undefined,
  { cluster, directory }: Place,
  global: GlobalOptions,
  printer: Printer,
): void {
  if (global.format === 'json') {
    const { lastIndex = null, lastTerm = null } = plan?.found ?? {};
    const document = { name: cluster, directory, state: 'recovered', node, incarnation, clusterId };
    printer.out(toJson({ ...document, previousClusterId: before.clusterId, lastIndex, lastTerm }));
    return;
  }
  printer.out(`recovered ${cluster}: ${node}, incarnation ${incarnation}, is its only member`);
  printer.out('raftctl up starts it, raftctl add grows it');
}
