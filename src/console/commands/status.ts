import { formatHostPort, type NodeId, RaftctlError } from '../../base/index.js';
import { type ClusterView, faultText } from '../../cluster/index.js';
import type { Context } from '../context.js';
import type { Outcome } from '../outcome.js';
import { columns } from '../output/index.js';
import type { Invocation } from './invocation.js';
import { leaderOf, resolveSingle } from './selector.js';
import type { CommandSpec } from './spec.js';
import { nodeText, rowOf } from './status-node.js';
import { clusterText } from './status-table.js';
import { watchStatus } from './status-watch.js';

const status: CommandSpec = {
  name: 'status',
  group: 'nodes',
  about: 'Shows every node: role, term, log, process',
  arguments: [{ name: 'NODE', kind: { type: 'selector' }, optional: true }],
  options: [{ name: 'watch', short: 'w', about: 'go on, until Ctrl-C' }],
  examples: [
    { line: 'status', about: 'the whole cluster' },
    { line: 'status leader', about: 'one node in detail: log, store, links, memory' },
    { line: 'status --watch', about: 'drawn anew at every change; off a terminal a line per change' },
    {
      line: 'within 5s status node-02 => .role == follower, .lag == 0',
      about: 'in a script: wait until it has caught up',
    },
  ],
  details:
    'The figures are asked for, not remembered; where a node does not answer, the last ones are shown with their age.\n' +
    'LAG is how many committed entries the node has not applied yet; NETWORK what was done to it on purpose (see faults), and links that broke. A narrow terminal shows fewer columns.',
  unbounded: (call) => call.has('watch'),
  async run(context, call) {
    const node = call.has('NODE') ? resolveNode(context, call) : null;
    const outcomeOf = (view: ClusterView) => (node === null ? clusterOutcome(view) : nodeOutcome(node, view));
    if (!call.has('watch')) return outcomeOf(await ask(context));
    return watchStatus(context, async () => {
      const view = await ask(context);
      const { document, text } = outcomeOf(view);
      return { view, document, text: text(context.output.view).toString() };
    });
  },
};

const nodes: CommandSpec = {
  name: 'nodes',
  group: 'nodes',
  about: 'Lists the nodes and their addresses',
  arguments: [],
  options: [],
  examples: [{ line: 'nodes', about: 'name, address, state; asks nobody' }],
  async run(context) {
    const control = context.cluster.control();
    const { states, leader, membership } = control.live();
    const list = membership.members.map(({ id, host, port }) => ({
      node: id,
      address: formatHostPort({ host, port }),
      state: states.get(id) ?? 'stopped',
      leader: id === leader,
    }));
    return {
      document: list,
      principal: list.length,
      text: () =>
        columns(list.map((row) => [row.node, row.address, row.state, row.leader ? 'leader' : ''])).replace(/ +$/gm, ''),
    };
  },
};

const leader: CommandSpec = {
  name: 'leader',
  group: 'nodes',
  about: 'Names the leader and its term',
  arguments: [],
  options: [],
  examples: [
    { line: 'leader', about: 'node-02 (term 7); exit code 4 when there is none' },
    { line: 'let old = leader', about: 'in a script: ${old.node} and ${old.term} are kept' },
  ],
  async run(context) {
    return leaderOutcome(context);
  },
};

export const STATUS_COMMANDS: readonly CommandSpec[] = [status, nodes, leader];

/** The known leader as an answer; `no-leader` when there is none. */
export function leaderOutcome(context: Context): Outcome {
  const control = context.cluster.control();
  const live = control.live();
  const node = leaderOf(live);
  const address = live.membership.members.find(({ id }) => id === node);
  return {
    document: { node, term: live.term, address: address ? formatHostPort(address) : null },
    principal: node,
    text: () => `${node} (term ${live.term})`,
  };
}

async function ask(context: Context): Promise<ClusterView> {
  context.waiting('the nodes to answer');
  // A paused node never answers: the others' answers should not wait for it longer than a person likes to.
  return context.cluster.control().view({ timeoutMs: Math.min(1_000, context.timeoutMs) });
}

function clusterOutcome(view: ClusterView): Outcome {
  const rows = view.nodes.map((node) => rowOf(node, view));
  return {
    document: {
      cluster: view.name,
      clusterId: view.clusterId,
      leader: view.leader,
      term: view.term,
      up: view.up,
      total: view.total,
      quorum: view.quorum,
      faults: view.faults.map(({ fault }) => faultText(fault)),
      nodes: rows,
    },
    principal: view.quorum,
    text: (shown) => clusterText(view, rows, shown),
  };
}

function resolveNode({ cluster, surface, output }: Context, call: Invocation): NodeId {
  const { nodes: found, said } = resolveSingle(call.text('NODE'), cluster.control(), surface.random);
  if (said !== null) output.say(said);
  return found[0]!;
}

function nodeOutcome(id: NodeId, view: ClusterView): Outcome {
  const node = view.nodes.find((candidate) => candidate.id === id);
  if (!node) throw new RaftctlError('no-such-node', `${id} is no node of ${view.name}`);
  const row = rowOf(node, view);
  return {
    document: row,
    principal: row.role,
    text: () => nodeText(row),
  };
}
