import { type Configuration, countQuorum, type NodeId, type QuorumCount } from '../../base/index.js';
import type { DiagnosticEvent } from '../event.js';
import { nodeOf, nodesOf, numberOf, textOf } from './fields.js';
import { passes } from './reach.js';

type ProcessName = 'up' | 'down' | 'paused';

interface Term {
  readonly leader: NodeId;
  readonly term: number;
  isServing: boolean;
  /** Its process ended, or it stepped down. */
  isOver: boolean;
}

/** Only leaders emit these. */
const LEADERS: ReadonlySet<string> = new Set(['first-write-committed', 'follower-caught-up', 'transfer-started']);

/** The cluster as the events up to some moment tell it. */
export class Scene {
  readonly #processes = new Map<NodeId, ProcessName>();
  readonly #rules = new Map<number, string>();
  readonly #leaving = new Set<NodeId>();
  #configuration: Configuration;
  /** Whoever was elected last. */
  #elected: Term | undefined;
  /** Of each term the last entry that its leader told to be committed. */
  readonly #committed = new Map<number, number>();

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
  }

  /** As it is now, for later. */
  copy(): Scene {
    const copy = new Scene(this.#configuration);
    for (const [node, process] of this.#processes) copy.#processes.set(node, process);
    for (const [id, rule] of this.#rules) copy.#rules.set(id, rule);
    for (const node of this.#leaving) copy.#leaving.add(node);
    copy.#elected = this.#elected && { ...this.#elected };
    for (const [term, index] of this.#committed) copy.#committed.set(term, index);
    return copy;
  }

  get configuration(): Configuration {
    return this.#configuration;
  }

  /** Who was elected last, there or not; null before the first election. */
  get leader(): NodeId | null {
    return this.#elected?.leader ?? null;
  }

  get term(): number {
    return this.#elected?.term ?? 0;
  }

  /** Up to which entry leaders of terms up to `term` told that a majority has the log on disk; 0: none did. */
  committedBy(term: number): number {
    return Math.max(0, ...[...this.#committed].map(([of, index]) => (of <= term ? index : 0)));
  }

  /** Network faults in force, as their commands. */
  get rules(): readonly string[] {
    return [...this.#rules.values()];
  }

  processOf(node: NodeId): ProcessName {
    return this.#processes.get(node) ?? 'up';
  }

  /** Was it told to stop? */
  isLeaving(node: NodeId): boolean {
    return this.#leaving.has(node);
  }

  /** Voters whose processes are not there, as `down` or `paused`. */
  get absent(): readonly { readonly node: NodeId; readonly process: ProcessName }[] {
    const { voters, outgoing } = this.#configuration;
    const all = [...new Set([...voters, ...outgoing])];
    return all.map((node) => ({ node, process: this.processOf(node) })).filter(({ process }) => process !== 'up');
  }

  /** How many voters answer `node`, itself included: as many as a majority needs? */
  companyOf(node: NodeId): QuorumCount {
    const isThere = (id: NodeId) => this.processOf(id) === 'up';
    const answers = (voter: NodeId) =>
      voter === node || (passes(this.rules, node, voter) && passes(this.rules, voter, node));
    return countQuorum(this.#configuration, (voter) => isThere(voter) && answers(voter));
  }

  /** Does whoever was elected last still lead: there, and with a majority in reach? */
  get isLed(): boolean {
    const elected = this.#elected;
    if (elected === undefined || elected.isOver || this.processOf(elected.leader) !== 'up') return false;
    return this.companyOf(elected.leader).holds;
  }

  /** Does somebody lead who is there, serves, and reaches a majority? */
  get isSettled(): boolean {
    const elected = this.#elected;
    return elected?.isServing === true && this.isLed;
  }

  /** Could anybody lead: does somebody reach a majority? */
  get canElect(): boolean {
    const { voters, outgoing } = this.#configuration;
    return [...voters, ...outgoing].some((voter) => this.processOf(voter) === 'up' && this.companyOf(voter).holds);
  }

  /** What an event says of the time before it: who led. Events that would have told may not be kept any more. */
  learn(event: DiagnosticEvent): void {
    const leader = nodeOf(event, 'leader') ?? (event.fields['led'] === true ? nodeOf(event, 'node') : null);
    if (event.node === 'supervisor' && leader !== null) this.#noteLeader(leader, numberOf(event, 'term'));
    else if (event.node !== 'supervisor' && LEADERS.has(event.event))
      this.#noteLeader(event.node, numberOf(event, 'term'));
  }

  #noteLeader(leader: NodeId, term: number | null): void {
    if (this.#elected === undefined || (term !== null && term > this.term)) {
      this.#elected = { leader, term: term ?? 0, isServing: true, isOver: false };
    }
  }

  apply(event: DiagnosticEvent): void {
    const subject = nodeOf(event, 'node');
    switch (event.event) {
      case 'process-started':
      case 'process-resumed':
        if (subject !== null) this.#processes.set(subject, 'up');
        if (subject !== null) this.#leaving.delete(subject);
        break;
      case 'process-stopping':
        if (subject !== null) this.#leaving.add(subject);
        break;
      case 'process-exited':
      case 'process-killed':
        if (subject !== null) this.#processes.set(subject, 'down');
        if (subject === this.leader && this.#elected) this.#elected.isOver = true;
        break;
      case 'process-paused':
        if (subject !== null) this.#processes.set(subject, 'paused');
        break;
      case 'fault-begun':
        this.#rules.set(numberOf(event, 'id') ?? 0, textOf(event, 'rule') ?? '');
        break;
      case 'fault-healed':
        this.#rules.delete(numberOf(event, 'id') ?? 0);
        break;
      default:
        this.#applyRaft(event);
    }
  }

  #applyRaft(event: DiagnosticEvent): void {
    if (event.node === 'supervisor') return;
    const term = numberOf(event, 'term') ?? 0;
    switch (event.event) {
      case 'role-changed':
        if (textOf(event, 'to') === 'leader' && term > this.term) {
          this.#elected = { leader: event.node, term, isServing: false, isOver: false };
        } else if (textOf(event, 'from') === 'leader' && event.node === this.leader && this.#elected) {
          this.#elected.isOver = true;
        }
        break;
      case 'term-committed':
        if (this.#elected?.term === term) this.#elected.isServing = true;
        this.#committed.set(term, numberOf(event, 'upTo') ?? 0);
        break;
      case 'first-write-committed':
        this.#committed.set(term, numberOf(event, 'index') ?? 0);
        break;
      case 'vote-requested':
        // A candidate's membership may be an old one, and whoever is elected has the latest that is committed.
        if (event.fields['preVote'] === false) this.#configure(event);
        break;
      case 'membership-entered':
        this.#configure(event);
        break;
      default:
        break;
    }
  }

  #configure(event: DiagnosticEvent): void {
    const voters = nodesOf(event, 'voters');
    if (voters.length === 0) return;
    this.#configuration = { voters, outgoing: nodesOf(event, 'outgoing'), learners: nodesOf(event, 'learners') };
  }
}
