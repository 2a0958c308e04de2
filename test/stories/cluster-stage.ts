import { Listeners, RaftctlError, until } from '../../src/base/index.js';
import type { Client } from '../../src/client/index.js';
import { CommandTable, TABLE } from '../../src/console/commands/index.js';
import type { Output, Workspace } from '../../src/console/context.js';
import type { Outcome } from '../../src/console/outcome.js';
import type { Data } from '../../src/console/output/index.js';
import type { UpOptions } from '../../src/console/surface.js';
import { type EventName, isEventName } from '../../src/diagnostics/index.js';
import { clockOf } from '../helpers/event-loop.js';
import { ManualTime } from '../helpers/manual-time.js';
import { NodeCluster, passNoTime, passTime } from '../helpers/node-cluster.js';
import { scriptWorkspace } from '../helpers/script-workspace.js';
import { NodeClusterControl } from './cluster-control.js';
import { networkVerbs, StoryNetwork } from './cluster-network.js';
import type { Stage } from './story.js';
import { verb } from './verb.js';
import { did, eventWords, sent } from './words.js';

/**
 * # Whole nodes
 *
 * The server that ships, over a simulated disk, network and clock (NodeCluster), with the client library and the
 * console's own commands, which act on it through the supervisor's own parts. A story says what it wants to see of the
 * nodes' events by following the log in the background, as anybody would at the prompt:
 *
 *     > up --nodes 3
 *     > logs -f -n 0 --exclude link &log             what is new from now on, under the command that let it happen
 *     > kill leader
 *
 * Events and messages are told with the milliseconds since the command began. Anything takes one millisecond from one
 * process to another, syncs and the supervisor take none. Time passes until a command is over; so `sleep 100ms` and
 * `wait leader` let it pass too. Network faults and `messages` are in cluster-network.ts. The client tells what nodes say
 * to each single try, until `sessions` makes it what the library is.
 */
export class ClusterStage implements Stage {
  readonly table: CommandTable;
  readonly workspace: Workspace;
  readonly output: Output;
  readonly #time = new ManualTime(0);
  #cluster: RunningCluster | null = null;
  /** When the present command began. */
  #beganAt = 0;
  /** Messages of this moment: what a node says is told after what it did. */
  #messages: string[] = [];

  constructor(output: Output) {
    this.output = { ...output, item: (document, text) => output.say(this.#itemText(document, text)) };
    const sessions = verb({
      name: 'sessions',
      about: 'From now on the client writes under sessions, as the library does',
      answer: () => this.#useSessions(),
    });
    // Faults of the network happen in the network of the story here, which tells of each message that they take.
    const own = [...networkVerbs(() => this.#running.network), sessions];
    const others = TABLE.specs.filter(({ name }) => !own.some((verb) => verb.name === name));
    this.table = new CommandTable([...others, ...own]);
    this.workspace = this.#newWorkspace();
  }

  async run(command: Promise<unknown>): Promise<void> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    command.then(over, over);
    this.#beganAt = this.#time.now();
    // What needs no time takes none.
    await passNoTime(this.#time);
    this.#tellMessages();
    while (!isOver) {
      // Commands have bounds of their own; a story that goes on for longer than any is stuck.
      if (this.#time.now() > this.#beganAt + COMMAND_MS_MAX) throw new Error(`no end after ${COMMAND_MS_MAX} ms`);
      await passTime(this.#time, 1);
      this.#tellMessages();
    }
    await command;
  }

  #useSessions(): string {
    const running = this.#running;
    this.#cluster = { ...running, client: running.nodes.sessionClient() };
    return 'a client that sends a write again until its outcome is known';
  }

  async close(): Promise<void> {
    const failed: unknown[] = [];
    const jobs = this.workspace.scope.jobs.finish().then((ended) => failed.push(...ended.map(({ error }) => error)));
    await this.run(jobs);
    failed.push(...(this.#cluster?.nodes.failures.map(({ error }) => error) ?? []));
    for (const error of failed) throw error;
  }

  #tellMessages(): void {
    for (const line of this.#messages.splice(0)) this.output.say(line);
  }

  get #running(): RunningCluster {
    if (this.#cluster) return this.#cluster;
    throw new RaftctlError('not-running', 'no cluster is up', { hint: 'up --nodes 3' });
  }

  async #up(wanted: UpOptions): Promise<Outcome> {
    const nodes = NodeCluster.down(wanted.nodes ?? 3, this.#time);
    const { clock, scheduler, random } = this.workspace.surface;
    const network = new StoryNetwork(nodes.network, nodes.ids, (message, isLost) => {
      this.#messages.push(`${this.#at(this.#time.now())}${sent('cluster', message, isLost ? 'lost' : '')}`);
    });
    const control = new NodeClusterControl(nodes, { clock, scheduler, random });
    this.#cluster = { nodes, network, control, client: nodes.followingClient() };
    const changes = new Listeners();
    const stop = control.onLiveChange(() => changes.notify());
    control.startAll();
    const { leader, term, up } = await until(() => readiness(control), { changes, scheduler, timeoutMs: 10_000, late });
    stop();
    const text = `${up} nodes up, leader ${leader} (term ${term})`;
    return { document: { nodes: up, leader, term }, principal: up, text: () => text };
  }

  /** Events in the columns of stories; whatever else comes by itself as it is. */
  #itemText(document: Data, text: string): string {
    if (!isEvent(document)) return `${this.#at(this.#time.now())}${text}`;
    return `${this.#at(document.time)}${did('cluster', document.node, eventWords(document))}`;
  }

  #at(time: number): string {
    return `${`+${Math.round(time - this.#beganAt)} ms`.padStart(8)}  `;
  }

  #newWorkspace(): Workspace {
    return scriptWorkspace({
      cluster: { control: () => this.#running.control, client: async () => this.#running.client },
      surface: { clock: clockOf(this.#time), scheduler: this.#time, up: (wanted) => this.#up(wanted) },
    });
  }
}

interface RunningCluster {
  readonly nodes: NodeCluster;
  readonly network: StoryNetwork;
  readonly control: NodeClusterControl;
  readonly client: Client;
}

const COMMAND_MS_MAX = 600_000;

/** Everybody is there, and there is a leader. */
function readiness(control: NodeClusterControl) {
  const live = control.live();
  return live.up === live.total && live.leader !== null ? live : undefined;
}

const late = (): RaftctlError => new RaftctlError('timeout', 'the cluster is not ready after 10 s');

interface EventDocument {
  readonly node: string;
  readonly event: EventName;
  readonly fields: Parameters<typeof eventWords>[0]['fields'];
  readonly time: number;
}

/** What `logs` and `events` show, of all that comes by itself. */
const isEvent = (document: unknown): document is EventDocument =>
  typeof document === 'object' &&
  document !== null &&
  'event' in document &&
  typeof document.event === 'string' &&
  isEventName(document.event);
