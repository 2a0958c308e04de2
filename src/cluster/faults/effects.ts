import type { NodeId } from '../../base/index.js';
import { CLIENTS, type DiskFault, type LinkFault, type NodeFaults } from '../../wire/index.js';
import { type ClusterFault, namedBy } from './fault.js';
import { type FaultRules, groupsOf } from './rules.js';

/**
 * What one node is to suffer. Both ends of a cut link are told, so that it is cut even while one of them starts anew;
 * what is slow or flaky is so at its own end alone, or it would be so twice.
 */
export function faultsOf(rules: FaultRules, members: readonly NodeId[], node: NodeId): NodeFaults {
  const peers = members.filter((member) => member !== node);
  return {
    links: [
      ...peers.flatMap((peer) => cutsOf(rules, members, node, peer)),
      ...(isCutFromClients(rules, node) ? bothWays(CLIENTS).map((end) => ({ ...end, type: 'cut' as const })) : []),
      ...rules.flatMap(({ fault }) => troubles(fault, node, peers)),
    ],
    disk: diskFaultOf(rules, node),
  };
}

function cutsOf(rules: FaultRules, members: readonly NodeId[], node: NodeId, peer: NodeId): LinkFault[] {
  return [
    ...(isCut(rules, members, node, peer) ? [{ peer, direction: 'out', type: 'cut' } as const] : []),
    ...(isCut(rules, members, peer, node) ? [{ peer, direction: 'in', type: 'cut' } as const] : []),
  ];
}

/** Does nothing that `from` sends reach `to`? */
export const isCut = (rules: FaultRules, members: readonly NodeId[], from: NodeId, to: NodeId): boolean =>
  rules.some(({ fault }) => {
    switch (fault.type) {
      case 'partition': {
        const groups = groupsOf(fault.groups, members);
        return groups.findIndex((group) => group.includes(from)) !== groups.findIndex((group) => group.includes(to));
      }
      case 'isolate':
        return fault.node === from || fault.node === to;
      case 'cut':
        return fault.from === from && fault.to === to;
      default:
        return false;
    }
  });

/** The share that is lost of what `one` sends to `other`, and of what it gets from it: each end loses its own. */
export const lossRateOf = (rules: FaultRules, one: NodeId, other: NodeId): number =>
  1 -
  rules.reduce(
    (arriving, { fault }) =>
      fault.type === 'flaky' && isEnd(fault, one, other) ? arriving * (1 - fault.lossRate) : arriving,
    1,
  );

/** How much later one of them is answered by the other, in milliseconds. */
export const roundTripMsOf = (rules: FaultRules, one: NodeId, other: NodeId): number =>
  rules.reduce((ms, { fault }) => (fault.type === 'slow' && isEnd(fault, one, other) ? ms + 2 * fault.delayMs : ms), 0);

const isEnd = ({ node }: { readonly node: NodeId }, one: NodeId, other: NodeId): boolean =>
  node === one || node === other;

export const isCutFromClients = (rules: FaultRules, node: NodeId): boolean =>
  rules.some(({ fault }) => 'clients' in fault && fault.clients === true && namedBy(fault).includes(node));

export const diskFaultOf = (rules: FaultRules, node: NodeId): DiskFault | null =>
  rules.flatMap(({ fault }) => (fault.type === 'disk' && fault.node === node ? [fault.fault] : []))[0] ?? null;

function troubles(fault: ClusterFault, node: NodeId, peers: readonly NodeId[]): LinkFault[] {
  if ((fault.type !== 'slow' && fault.type !== 'flaky') || fault.node !== node) return [];
  const { node: _node, ...trouble } = fault;
  return peers.flatMap((peer) => bothWays(peer).map((end) => ({ ...end, ...trouble })));
}

const bothWays = <Peer extends LinkFault['peer']>(peer: Peer) =>
  [
    { peer, direction: 'out' },
    { peer, direction: 'in' },
  ] as const;
