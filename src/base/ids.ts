/** Quantities that must not be mixed up carry a brand: a `Term` is no `LogIndex`, though both are numbers. */
declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** The paper's term: 0 before the first election, then rising. */
export type Term = Brand<number, 'Term'>;
/** A position in the replicated log. The first entry is 1; 0 means "before the log". */
export type LogIndex = Brand<number, 'LogIndex'>;
/** The store's revision, as etcd counts it: 1 for an empty store, plus one for each write that changed something. */
export type Revision = Brand<number, 'Revision'>;
/** A member's name in cluster.yaml, such as `node-01`. */
export type NodeId = Brand<string, 'NodeId'>;

export const asTerm = (value: number): Term => value as Term;
export const asIndex = (value: number): LogIndex => value as LogIndex;
export const asRevision = (value: number): Revision => value as Revision;
/** Of a store to which nothing was written yet. */
export const EMPTY_REVISION: Revision = asRevision(1);
export const asNodeId = (value: string): NodeId => value as NodeId;

/**
 * As people list nodes: `node-2`, or a `node-02`, before `node-10`. By hand: a collation of the system's takes longer to
 * load than a supervisor has for the rest of its start.
 */
export function inNaturalOrder(one: NodeId, other: NodeId): number {
  const [left, right] = [partsOf(one), partsOf(other)];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const isNumber = at % 2 === 1;
    const order = isNumber ? Number(left[at]) - Number(right[at]) : compare(left[at]!, right[at]!);
    if (order !== 0) return order;
  }
  return left.length - right.length || one.length - other.length || compare(one, other);
}

/** Text and numbers in turn. */
const partsOf = (name: string): readonly string[] => name.split(/(\d+)/);

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
