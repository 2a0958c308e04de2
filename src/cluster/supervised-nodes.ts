import { inNaturalOrder, type Member, type NodeId } from '../base/index.js';
import { LogRotation } from './log-rotation.js';
import { type MemberHandleOptions, memberHandle } from './member-handle.js';
import type { NodeHandle } from './node-handle.js';
import { noSuchNode } from './node-words.js';
import { OwnedProcesses } from './owned-processes.js';
import { hasProcess } from './process-state.js';

export interface SupervisedNodesOptions extends Omit<MemberHandleOptions, 'led' | 'changed'> {
  /** Who leads, as far as is known. */
  readonly leader: () => NodeId | null;
  /** A process began, ended, or is in another state. */
  readonly changed: (node: NodeHandle) => void;
}

/** A handle for every member whose process is the supervisor's, and what is kept of all these processes. */
export class SupervisedNodes {
  readonly #options: SupervisedNodesOptions;
  readonly #handles: Map<NodeId, NodeHandle>;
  readonly #processes: OwnedProcesses;
  readonly #rotation: LogRotation;

  constructor(options: SupervisedNodesOptions) {
    const { members, directory, scheduler, emit } = options;
    this.#options = options;
    this.#processes = new OwnedProcesses({ file: directory.processesFile, scheduler, emit });
    this.#rotation = new LogRotation({ nodes: () => this.all, scheduler, emit });
    const inOrder = [...members.own].sort((one, other) => inNaturalOrder(one.id, other.id));
    this.#handles = new Map(inOrder.map((member) => [member.id, this.#handle(member)]));
  }

  get all(): readonly NodeHandle[] {
    return [...this.#handles.values()];
  }

  find(id: NodeId): NodeHandle | undefined {
    return this.#handles.get(id);
  }

  /** Throws `no-such-node`. */
  get(id: NodeId): NodeHandle {
    const node = this.#handles.get(id);
    if (node !== undefined) return node;
    throw noSuchNode(id, [...this.#handles.keys()]);
  }

  /** Spawns every process at once, and then the guard, so that no node waits for it. */
  startAll(): void {
    for (const node of this.#handles.values()) node.process.start();
    this.#processes.guard();
    this.#rotation.start();
  }

  /** One more, whose process is not started yet. */
  add(member: Member): NodeHandle {
    const node = this.#handle({ ...member, joins: true });
    this.#handles.set(member.id, node);
    return node;
  }

  /** Resolves when its process is gone. */
  async remove(id: NodeId): Promise<void> {
    await this.#handles.get(id)?.leave(this.#options.config.supervisor.stopTimeoutMs);
    this.#handles.delete(id);
  }

  /** SIGKILL for all of them. */
  async endAll(): Promise<void> {
    await Promise.all(this.all.map((node) => node.process.end()));
  }

  /** None is left. */
  close(): void {
    this.#rotation.stop();
    this.#processes.close();
  }

  #handle(member: Parameters<typeof memberHandle>[0]): NodeHandle {
    const { members, changed, leader } = this.#options;
    return memberHandle(member, {
      ...this.#options,
      led: () => leader() === member.id,
      changed: (node, before) => {
        const { id, state, process } = node;
        if (state === 'running') members.joined(id);
        if (state === 'starting' && process.pid) this.#processes.started(id, process.pid);
        if (hasProcess(before) && !hasProcess(state)) this.#processes.gone(id);
        changed(node);
      },
    });
  }
}
