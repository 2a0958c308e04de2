import type { Member, NodeId } from '../../base/index.js';
import type { NodeFaults, NodeSpec } from '../../wire/index.js';
import type { DrawnOptions } from './options.js';

interface SpecParts {
  readonly member: Member;
  /** Who forms the cluster when it begins. */
  readonly ids: readonly NodeId[];
  readonly options: DrawnOptions;
  readonly faults: NodeFaults;
}

/** What a supervisor would tell the node's process. */
export function simSpec({ member: { id, incarnation }, ids, options, faults }: SpecParts): NodeSpec {
  return {
    cluster: 'sim',
    clusterId: 'c'.repeat(32),
    id,
    incarnation,
    members: [...new Set([...ids, id])].map((one) => memberOf(one, one === id ? incarnation : 1)),
    joins: !ids.includes(id) || incarnation > 1,
    directory: `/${id}`,
    // Until its first start is complete there is nothing to lose.
    mayCreate: true,
    heartbeatMs: options.heartbeatMs,
    electionTimeoutMs: options.electionTimeoutMs,
    maxValueBytes: options.valueBytesMax,
    keepLogBytes: options.keepLogBytes,
    logLevel: 'info',
    faults,
  };
}

export const memberOf = (id: NodeId, incarnation: number): Member => ({ id, incarnation, host: id, port: 1 });

/** The cluster's, which its members prove to each other. */
export const SECRET = Buffer.alloc(32, 'secret');

/** What a node tells of its process. */
export const NO_FACTS = {
  pid: 1,
  version: 'sim',
  memory: () => ({ rss: 0, heapUsed: 0, external: 0 }),
  cpuMs: () => 0,
};
