import { RaftctlError } from '../../src/base/index.js';
import { CommandTable } from '../../src/console/commands/index.js';
import type { Output, Workspace } from '../../src/console/context.js';
import { ManualTime } from '../helpers/manual-time.js';
import { scriptWorkspace } from '../helpers/script-workspace.js';
import { RaftScene } from './raft-scene.js';
import { raftVerbs } from './raft-verbs.js';
import { raftViews } from './raft-views.js';
import type { Stage } from './story.js';

/**
 * # The algorithm alone
 *
 * Nodes n1, n2, … are cores without disk, network or clock: nothing moves unless the story says so, every message can
 * be delivered, dropped or doubled by itself, and the invariants are checked after every step. What a command causes is
 * told in order: a message when it arrives (or is lost), under it what its receiver made of it. By default n1 has the
 * shortest election timeout, n2 the next, …; a tick is a millisecond. raft-verbs.ts and raft-views.ts have the words.
 *
 *     > cluster 3 --log n1=1,1,2          a log is the terms of its entries; an entry is written index/term, as 3/2
 *     > campaign n1                       its election timeout passes
 *     > deliver request-vote --to n2      the oldest such message arrives, and no other
 *     > stabilize                         everything arrives, and what it causes, until nothing moves
 */
export class RaftStage implements Stage {
  readonly table: CommandTable;
  readonly workspace: Workspace;
  readonly output: Output;

  constructor(output: Output) {
    this.output = output;
    const scene = new RaftScene(output);
    this.table = new CommandTable([...raftVerbs(scene), ...raftViews(scene)]);
    this.workspace = workspaceWithout();
  }

  /** Everything is synchronous. */
  async run(command: Promise<unknown>): Promise<void> {
    await command;
  }

  async close(): Promise<void> {}
}

/** The console's words for a cluster do not apply here. */
function workspaceWithout(): Workspace {
  const none = () => {
    throw new RaftctlError('not-running', 'there is no cluster of processes here');
  };
  const time = new ManualTime();
  return scriptWorkspace({
    cluster: { control: none, client: none },
    surface: { clock: time, scheduler: time },
  });
}
