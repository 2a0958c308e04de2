import type { NodeId } from '../../base/index.js';
import type { DiskFault } from '../../wire/index.js';
import type { FaultKind } from './kinds.js';

/** One fault, with whom it strikes. What it is called is what does the same at the prompt. */
export type Fault =
  | { readonly type: 'kill'; readonly nodes: readonly NodeId[] }
  | { readonly type: 'pause'; readonly nodes: readonly NodeId[] }
  | { readonly type: 'restart'; readonly node: NodeId }
  /** Nodes of different groups do not reach each other. */
  | { readonly type: 'partition'; readonly groups: readonly (readonly NodeId[])[] }
  /** One way. */
  | { readonly type: 'cut'; readonly from: NodeId; readonly to: NodeId }
  | { readonly type: 'slow'; readonly node: NodeId; readonly delayMs: number; readonly jitterMs: number }
  /** The share of frames that is lost, 0 to 1. */
  | { readonly type: 'flaky'; readonly node: NodeId; readonly lossRate: number }
  | { readonly type: 'disk'; readonly node: NodeId; readonly disk: DiskFault }
  /** Null: whoever lacks the least. */
  | { readonly type: 'transfer'; readonly to: NodeId | null }
  | { readonly type: 'membership'; readonly change: MemberFault };

/** `isHasty`: it is given up so soon that a leader which is cut off has not been replaced: nobody asks the next one. */
export type MemberFault = { readonly isHasty?: boolean } & (
  | { readonly type: 'add' }
  | { readonly type: 'remove' | 'replace'; readonly node: NodeId }
);

type OfType<Type extends FaultKind> = Extract<Fault, { readonly type: Type }>;
/** One answer for each kind of fault. */
type ByType<Answer> = { readonly [Type in FaultKind]: (fault: OfType<Type>) => Answer };

/** What `table` has for this kind. */
const answer = <Answer>(table: ByType<Answer>, fault: Fault): Answer =>
  (table[fault.type] as (fault: Fault) => Answer)(fault);

const COMMANDS: ByType<readonly string[]> = {
  kill: ({ nodes }) => nodes.map((node) => `kill ${node}`),
  pause: ({ nodes }) => nodes.map((node) => `pause ${node}`),
  restart: ({ node }) => [`restart ${node}`],
  partition: ({ groups }) => [`partition ${groups.map((group) => group.join(',')).join(' ')}`],
  cut: ({ from, to }) => [`cut ${from}->${to}`],
  slow: ({ node, delayMs, jitterMs }) => [`slow ${node} ${delayMs}ms --jitter ${jitterMs}ms`],
  flaky: ({ node, lossRate }) => [`flaky ${node} ${Math.round(lossRate * 100)}%`],
  disk: ({ node, disk }) => [`disk ${node} ${disk.type}${disk.type === 'slow' ? ` ${disk.delayMs}ms` : ''}`],
  transfer: ({ to }) => [to === null ? 'transfer' : `transfer ${to}`],
  membership: ({ change }) => [change.type === 'add' ? 'add' : `${change.type} ${change.node}`],
};

/** The commands that do it. */
export const commandsOf = (fault: Fault): readonly string[] => answer(COMMANDS, fault);

export const textOf = (fault: Fault): string => commandsOf(fault).join(' · ');

const STRUCK: ByType<readonly NodeId[]> = {
  kill: ({ nodes }) => nodes,
  pause: ({ nodes }) => nodes,
  restart: ({ node }) => [node],
  partition: ({ groups }) => groups.flat(),
  cut: ({ from, to }) => [from, to],
  slow: ({ node }) => [node],
  flaky: ({ node }) => [node],
  disk: ({ node }) => [node],
  transfer: ({ to }) => (to === null ? [] : [to]),
  membership: ({ change }) => (change.type === 'add' ? [] : [change.node]),
};

export const struckBy = (fault: Fault): readonly NodeId[] => answer(STRUCK, fault);

const LASTS: Readonly<Record<FaultKind, boolean>> = {
  kill: true,
  pause: true,
  restart: false,
  partition: true,
  cut: true,
  slow: true,
  flaky: true,
  disk: true,
  transfer: false,
  membership: false,
};

/** It stays in force until it is mended; others are over when they are done. */
export const lasts = ({ type }: Pick<Fault, 'type'>): boolean => LASTS[type];
