import { asNodeId, type DiskFault, type NodeId } from '../base/index.js';
import { CLIENTS, type LinkTrouble } from '../transport/link-fault.js';
import { decodeDocument, encodeDocument } from './document.js';
import { between, branded, list, nullable, object, oneOf, type Parser, text } from './parse.js';

/**
 * What one node is told to suffer, one document: in its specification (`NodeSpec.faults`), and later by an admin
 * (`KIND.setFaults`). It replaces what was in force; admin connections suffer nothing.
 */
export interface NodeFaults {
  readonly links: readonly LinkFault[];
  readonly disk: DiskFault | null;
}

/**
 * Directions are seen from the node: `in` are frames that it gets, `out` those that it sends. `clients` are all
 * connections of clients. Several on one direction of a link add up: delays and losses; a cut outweighs all.
 */
export type LinkFault = {
  readonly peer: NodeId | typeof CLIENTS;
  readonly direction: 'in' | 'out';
} & LinkTrouble;

export { CLIENTS, type DiskFault, type LinkTrouble };

export const FAULT_DELAY_MS_MAX = 60_000;
/** 32 nodes and all clients, both directions, each way to suffer: far below. It bounds what a frame is looked up in. */
const LINK_FAULTS_MAX = 1_024;

export const NO_FAULTS: NodeFaults = { links: [], disk: null };

const delay = between(0, FAULT_DELAY_MS_MAX);

const link = {
  peer: branded(text, (name): LinkFault['peer'] => (name === CLIENTS ? CLIENTS : asNodeId(name))),
  direction: oneOf(['in', 'out']),
};

const LINK_FAULTS = {
  cut: object({ ...link, type: oneOf(['cut']) }),
  slow: object({ ...link, type: oneOf(['slow']), delayMs: delay, jitterMs: delay }),
  flaky: object({ ...link, type: oneOf(['flaky']), lossRate: between(0, 1) }),
} as const satisfies Record<LinkFault['type'], Parser<LinkFault>>;

const DISK_FAULTS = {
  slow: object({ type: oneOf(['slow']), delayMs: delay }),
  full: object({ type: oneOf(['full']) }),
  failing: object({ type: oneOf(['failing']) }),
} as const satisfies Record<DiskFault['type'], Parser<DiskFault>>;

const linkType = object({ type: oneOf(['cut', 'slow', 'flaky']) });
const diskType = object({ type: oneOf(['slow', 'full', 'failing']) });

const linkFault: Parser<LinkFault> = (value, path) => LINK_FAULTS[linkType(value, path).type](value, path);
export const diskFault: Parser<DiskFault> = (value, path) => DISK_FAULTS[diskType(value, path).type](value, path);

export const nodeFaults: Parser<NodeFaults> = object({
  links: list(linkFault, LINK_FAULTS_MAX),
  disk: nullable(diskFault),
});

export const encodeNodeFaults = (faults: NodeFaults): Buffer => encodeDocument(faults);
export const decodeNodeFaults = (payload: Buffer): NodeFaults =>
  nodeFaults(decodeDocument(payload, 'faults'), 'faults');
