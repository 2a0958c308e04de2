import { diskFault } from '../../wire/index.js';
import {
  count,
  finite,
  list,
  nodeId,
  nullable,
  object,
  oneOf,
  optional,
  type Parser,
  truth,
} from '../../wire/parse.js';
import { PROCESS_STATES } from '../process-state.js';
import { type ClusterFault, FAULT_NAMES, type FaultRule, type FaultsChanged } from './fault.js';

/** Faults as documents, on the control socket. */

const faultType = object({ type: oneOf(FAULT_NAMES) });

const FAULTS: Readonly<Record<ClusterFault['type'], Parser<ClusterFault>>> = {
  partition: object({ type: oneOf(['partition']), groups: list(list(nodeId)), clients: optional(truth) }),
  isolate: object({ type: oneOf(['isolate']), node: nodeId, clients: optional(truth) }),
  cut: object({ type: oneOf(['cut']), from: nodeId, to: nodeId }),
  slow: object({ type: oneOf(['slow']), node: nodeId, delayMs: finite, jitterMs: finite }),
  flaky: object({ type: oneOf(['flaky']), node: nodeId, lossRate: finite }),
  disk: object({ type: oneOf(['disk']), node: nodeId, fault: diskFault }),
};

export const clusterFault: Parser<ClusterFault> = (value, path) => FAULTS[faultType(value, path).type](value, path);

export const faultRule: Parser<FaultRule> = object({ id: count, fault: clusterFault, at: finite, wall: finite });

export const faultsChanged: Parser<FaultsChanged> = object({
  faults: list(faultRule),
  begun: nullable(faultRule),
  healed: list(faultRule),
  confirmed: list(nodeId),
  pending: list(object({ node: nodeId, state: oneOf(PROCESS_STATES) })),
  at: finite,
});
