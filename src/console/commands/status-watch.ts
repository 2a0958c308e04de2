import type { ClusterView } from '../../cluster/index.js';
import type { Context } from '../context.js';
import type { Outcome } from '../outcome.js';
import type { Data } from '../output/index.js';
import { title } from './status-table.js';

const EVERY_MS = 1_000;
const CLEAR = '\x1b[H\x1b[2J';

export interface Picture {
  readonly view: ClusterView;
  readonly document: Data;
  /** The whole table, for a terminal. */
  readonly text: string;
}

/**
 * `status --watch`, until it is interrupted. On a terminal the picture is drawn anew every second and at every change;
 * elsewhere, and in JSON, there is one line for every change of who is up, who leads and in which term.
 */
export async function watchStatus(context: Context, ask: () => Promise<Picture>): Promise<Outcome> {
  const { output, signal } = context;
  const redraws = output.view.terminal && output.format === 'text';
  let told = '';
  while (!signal.aborted) {
    const picture = await ask();
    if (signal.aborted) break;
    const state = stateOf(picture.view);
    if (redraws) output.item(picture.document, `${CLEAR}${picture.text}`, 'status');
    else if (state !== told) output.item(picture.document, title(picture.view, output.view.paint), 'status');
    told = state;
    await change(context);
  }
  return { document: null, principal: null, text: () => '' };
}

const stateOf = ({ nodes, leader, term, faults }: ClusterView): string =>
  JSON.stringify([
    leader,
    term,
    faults.map(({ id }) => id),
    nodes.map(({ id, state, status }) => [id, state, status?.role]),
  ]);

/** Resolves at the next change that is known without asking, after a second, or when the command is interrupted. */
function change({ cluster, surface, signal }: Context): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      timer.cancel();
      stop();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const stop = cluster.control().onLiveChange(finish);
    const timer = surface.scheduler.after(EVERY_MS, finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}
