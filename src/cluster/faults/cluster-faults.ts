import {
  asError,
  type Clock,
  type Emit,
  type ErrorCode,
  type Membership,
  type NodeId,
  RaftctlError,
} from '../../base/index.js';
import { type LiveState, runs } from '../control.js';
import type { ProcessStateName } from '../process-state.js';
import { checkFault, checkMember } from './check.js';
import type { FaultDelivery } from './delivery.js';
import { faultsOf } from './effects.js';
import { type ClusterFault, type FaultRule, type FaultsChanged, faultText } from './fault.js';
import { companyOf } from './reach.js';
import { type FaultRules, type RulesChanged, withoutMember, withoutNamed, withRule } from './rules.js';

/** A node whose processes are made to suffer. */
export interface FaultedNode {
  readonly id: NodeId;
  readonly state: ProcessStateName;
  readonly faults: FaultDelivery;
}

export interface ClusterFaultsOptions {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly membership: () => Membership;
  readonly live: () => LiveState;
  readonly nodes: () => readonly FaultedNode[];
  /** The least, in milliseconds. */
  readonly electionTimeoutMs: number;
  /** The rules in force are others now. */
  readonly changed: () => void;
}

/** A process that runs confirms within milliseconds. */
const CONFIRM_TIMEOUT_MS = 5_000;

/** Why a rule ended, as its event says. */
type EndReason = 'healed' | 'replaced' | 'node left' | 'cluster stopping';

/**
 * The faults of a cluster: rules that live as long as its supervisor, or until they are healed. What each node is to
 * suffer follows from the rules and from who is a member, and is computed anew whenever one of them changes.
 *
 * A rule is in force once it is begun, whoever has confirmed it: a node that does not answer is named to whoever asked,
 * and is told again until it does. So there is one answer to what is in force, and `heal` takes back whatever was told.
 */
export class ClusterFaults {
  readonly #options: ClusterFaultsOptions;
  #rules: FaultRules = [];
  #lastId = 0;

  constructor(options: ClusterFaultsOptions) {
    this.#options = options;
  }

  /** Oldest first. */
  get rules(): FaultRules {
    return this.#rules;
  }

  /** Resolves when every running node that is concerned suffers it. */
  async begin(fault: ClusterFault, timeoutMs = CONFIRM_TIMEOUT_MS): Promise<FaultsChanged> {
    const { clock, membership, nodes } = this.#options;
    checkFault(fault, membership());
    for (const { faults } of nodes()) faults.check();
    const at = clock.now();
    this.#lastId += 1;
    const rule = { id: this.#lastId, fault, at, wall: clock.wall() };
    const led = this.#takesLeader(rule);
    const { rules, ended } = withRule(this.#rules, rule);
    this.#ended(ended, 'replaced');
    this.#begun(rule, led);
    return this.#change({ rules, ended }, { begun: rule, at, timeoutMs });
  }

  /** All of them, or those that name one of these nodes. Resolves when every running node that is concerned is told. */
  async heal(nodes: readonly NodeId[] | undefined, timeoutMs = CONFIRM_TIMEOUT_MS): Promise<FaultsChanged> {
    for (const node of nodes ?? []) checkMember(node, this.#options.membership());
    const at = this.#options.clock.now();
    const changed = nodes === undefined ? { rules: [], ended: this.#rules } : withoutNamed(this.#rules, nodes);
    this.#ended(changed.ended, 'healed');
    return this.#change(changed, { begun: null, at, timeoutMs });
  }

  /** The node is no member any more, or will be another one under that name. */
  nodeLeft(gone: NodeId): void {
    const left = this.#options.membership().members.flatMap(({ id }) => (id === gone ? [] : [id]));
    const { rules, ended } = withoutMember(this.#rules, gone, left);
    this.#ended(ended, 'node left');
    this.#set(rules);
  }

  /** Others belong to the cluster now, or other processes: whoever is concerned is told. */
  update(): void {
    const members = this.#options.membership().members.map(({ id }) => id);
    for (const { id, faults } of this.#options.nodes()) faults.want(faultsOf(this.#rules, members, id));
  }

  /** The cluster goes down, and does so without them. */
  end(): void {
    this.#ended(this.#rules, 'cluster stopping');
    this.#set([]);
  }

  async #change(
    { rules, ended }: RulesChanged,
    { begun, at, timeoutMs }: { readonly begun: FaultRule | null; readonly at: number; readonly timeoutMs: number },
  ): Promise<FaultsChanged> {
    const { nodes } = this.#options;
    const before = new Map(nodes().map(({ id, faults }) => [id, faults.wanted]));
    this.#set(rules);
    const concerned = nodes().filter(({ id, faults }) => !isSame(before.get(id), faults.wanted));
    const confirmed = await allConfirmed(concerned, timeoutMs, begun);
    return {
      faults: this.#rules,
      begun,
      healed: ended,
      confirmed: concerned.filter(({ id }) => confirmed.has(id)).map(({ id }) => id),
      pending: concerned.filter(({ id }) => !confirmed.has(id)).map(({ id, state }) => ({ node: id, state })),
      at,
    };
  }

  #set(rules: FaultRules): void {
    this.#rules = rules;
    this.update();
    this.#options.changed();
  }

  /** Does the rule take its leader from the cluster, or could it? */
  #takesLeader(rule: FaultRule): boolean {
    const { live, membership, electionTimeoutMs } = this.#options;
    const { leader } = live();
    if (leader === null) return false;
    if (rule.fault.type !== 'partition' && rule.fault.type !== 'cut') return rule.fault.node === leader;
    const isThere = (node: NodeId): boolean => runs(live(), node);
    const holds = (rules: FaultRules): boolean =>
      companyOf({ membership: membership(), rules, isThere, electionTimeoutMs }, leader).holds;
    return holds(this.#rules) && !holds(withRule(this.#rules, rule).rules);
  }

  #begun({ id, fault }: FaultRule, led: boolean): void {
    const { live, emit } = this.#options;
    const { leader, term } = live();
    emit.emit('info', 'fault-begun', { id, ...wordsOf(fault), leader, term, led });
  }

  #ended(rules: FaultRules, reason: EndReason): void {
    const { clock, emit } = this.#options;
    for (const { id, fault, at } of rules) {
      emit.emit('info', 'fault-healed', { id, ...wordsOf(fault), reason, ms: Math.round(clock.now() - at) });
    }
  }
}

/** How events name a fault. */
const wordsOf = (fault: ClusterFault) => ({
  fault: fault.type,
  rule: faultText(fault),
  ...('node' in fault && { node: fault.node }),
});

/** All that could be told. Rejects with one error that names those that could not. */
async function allConfirmed(
  nodes: readonly FaultedNode[],
  timeoutMs: number,
  begun: FaultRule | null,
): Promise<ReadonlySet<NodeId>> {
  const confirmed = new Set<NodeId>();
  const errors: RaftctlError[] = [];
  await Promise.all(
    nodes.map(async ({ id, faults }) => {
      try {
        if (await faults.confirmed(timeoutMs)) confirmed.add(id);
      } catch (thrown) {
        errors.push(asError(thrown));
      }
    }),
  );
  const [first] = errors;
  if (first === undefined) return confirmed;
  const code: ErrorCode = first.code === 'timeout' ? 'timeout' : 'command-failed';
  const stays = begun === null ? 'it is healed' : `${faultText(begun.fault)} is in force`;
  const others = confirmed.size > 0 ? ` at ${[...confirmed].join(', ')}` : '';
  throw new RaftctlError(code, `${errors.map(({ message }) => message).join('; ')}: ${stays}${others}`, {
    hint: begun === null ? STILL : `${STILL}; heal takes it back`,
    cause: first,
  });
}

const STILL = 'whoever did not confirm is told as soon as it answers';

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
