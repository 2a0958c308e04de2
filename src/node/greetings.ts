import { type Member, type NodeId, RaftctlError, type Sighting } from '../base/index.js';
import type { RawNode } from '../raft/index.js';
import type { Connection, Hello } from '../transport/index.js';
import { dataFeature, encodeNote, type Note } from '../wire/index.js';
import type { NodeDependencies } from './dependencies.js';
import type { Members } from './members.js';
import { greetedBy } from './peer-note.js';
import type { Peers } from './peers.js';

interface GreetingsOptions {
  readonly dependencies: NodeDependencies;
  readonly raft: Pick<RawNode, 'term' | 'leader'>;
  readonly members: Members;
  readonly peers: Pick<Peers, 'greeted' | 'greetedAgain'>;
  /** Of those who came to this node. */
  readonly connections: () => Iterable<Connection>;
  /** The node takes part in nothing any more. */
  readonly isOver: () => boolean;
  /** This directory is an old copy, as a member has told: what the node says would be worth nothing. */
  readonly forgotten: () => void;
}

/** What is said where a connection begins: what this node tells of itself, and who may come and what they told. */
export class Greetings {
  readonly #options: GreetingsOptions;
  /** What the other ends of connections told of themselves. */
  readonly #told = new WeakMap<Connection, Sighting>();

  constructor(options: GreetingsOptions) {
    this.#options = options;
  }

  /** What all who are greeted hear. */
  note(greeting: Pick<Note, 'start' | 'seen'> = {}): Buffer {
    const { term, leader } = this.#options.raft;
    return encodeNote({ term, leader, maxValueBytes: this.#options.dependencies.spec.maxValueBytes, ...greeting });
  }

  /** To a member that is dialed also what was seen of it. */
  hello(seen?: Note['seen']): Hello {
    const { dependencies, members } = this.#options;
    const { spec, instance, sightings, store } = dependencies;
    const { host, port } = members.self;
    const member = { incarnation: spec.incarnation, host, port };
    const note = this.note({ start: sightings.own, ...(seen && { seen }) });
    const features = [dataFeature(store.dataVersion), members.feature];
    return { role: 'peer', clusterId: spec.clusterId, node: spec.id, instance, note, features, member };
  }

  /** Why it may not come in, if there is a reason. */
  admit(hello: Hello): RaftctlError | undefined {
    const { dependencies, members, isOver } = this.#options;
    if (isOver()) return new RaftctlError('shutting-down', `${dependencies.spec.id} ends`);
    if (hello.role !== 'peer' && hello.role !== 'snapshot') return undefined;
    return members.refusalOf(hello) ?? this.#forgotten(hello.node as NodeId, hello);
  }

  /** A member has proved who it is. Its word waits until it has answered this node's own greeting. */
  opened(connection: Connection): void {
    const { role, instance } = connection.peer;
    if (role !== 'peer') return;
    const node = connection.peer.node as NodeId;
    const { told } = greetedBy(connection.peer);
    this.#told.set(connection, told);
    this.#options.peers.greeted(connection.peer, told);
    if (this.isHeard(node, instance, connection)) this.#options.peers.greetedAgain(node);
  }

  /** What a member told that was greeted over it. */
  told(connection: Connection): Sighting {
    return this.#told.get(connection)!;
  }

  /** Has that member a connection to this node that is open, and may it have one? */
  isVisiting({ id, incarnation }: Member): boolean {
    for (const { peer } of this.#options.connections()) {
      const isIt = peer.role === 'peer' && peer.node === id && peer.member?.incarnation === incarnation;
      if (isIt && this.#options.members.refusalOf(peer) === undefined) return true;
    }
    return false;
  }

  /** Has that process a connection to this node that is still open, besides this one? */
  isHeard(node: NodeId, instance: string, not?: Connection): boolean {
    for (const connection of this.#options.connections()) {
      const { peer } = connection;
      if (connection !== not && peer.role === 'peer' && peer.node === node && peer.instance === instance) return true;
    }
    return false;
  }

  /** Does that member remember what it promised to this node, and this one what it promised to that member? */
  #forgotten(id: NodeId, hello: Hello): RaftctlError | undefined {
    const { dependencies, peers, forgotten } = this.#options;
    const { sightings } = dependencies;
    try {
      const { note, told } = greetedBy(hello);
      const own = note.seen && sightings.ownRefusal(note.seen, id);
      if (own !== undefined) forgotten();
      const refusal = own ?? sightings.refusalOf(id, told);
      // It hears why when it is dialed: at once.
      if (own === undefined && refusal !== undefined) peers.greeted(hello, told);
      return refusal;
    } catch (error) {
      if (error instanceof RaftctlError) return error;
      throw error;
    }
  }
}
