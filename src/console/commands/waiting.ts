import { type NodeId, RaftctlError } from '../../base/index.js';
import type { ClusterControl, ProcessStateName } from '../../cluster/index.js';
import { PROCESS_STATES } from '../../cluster/process-state.js';
import { type MergedEvent, parseFilter, renderEvent } from '../../diagnostics/index.js';
import type { Context } from '../context.js';
import { formatDuration } from '../language/duration.js';
import type { Outcome } from '../outcome.js';
import { sanitizeLine } from '../output/index.js';
import { checkedPairs, eventDocument, sinceOf } from './event-words.js';
import { leaderOf, resolveOfNowOrBefore, resolveSingle } from './selector.js';
import type { CommandSpec } from './spec.js';
import { leaderOutcome } from './status.js';

const waitLeader: CommandSpec = {
  name: 'wait leader',
  group: 'waiting',
  about: 'Waits until a leader is known; true at once when there is one',
  arguments: [],
  options: [{ name: 'not', value: { label: 'NODE', kind: { type: 'selector' } }, about: 'another one than this node' }],
  examples: [
    { line: 'wait leader --timeout 5s', about: 'or fails after five seconds, with exit code 5' },
    { line: 'wait leader --not ${old.node} => .term > ${old.term}', about: 'in a script, after kill leader' },
  ],
  async run(context, call) {
    const { cluster, surface } = context;
    const control = cluster.control();
    const not = call.find('not');
    const unwanted = not === undefined ? [] : resolveOfNowOrBefore(not, control, surface.random).nodes;
    const wanted = unwanted.length > 0 ? `a leader other than ${unwanted.join(', ')}` : 'a leader';
    context.waiting(wanted);
    await liveBecomes(context, control, wanted, () => {
      const leader = knownLeader(control);
      return leader !== undefined && !unwanted.includes(leader);
    });
    return leaderOutcome(context);
  },
};

const waitNode: CommandSpec = {
  name: 'wait node',
  group: 'waiting',
  about: 'Waits until a node is in a state',
  arguments: [
    { name: 'NODE', kind: { type: 'selector' } },
    {
      name: 'STATE',
      kind: { type: 'choice', choices: PROCESS_STATES },
    },
  ],
  options: [],
  examples: [{ line: 'wait node node-02 running', about: 'after a restart' }],
  async run(context, call) {
    const { cluster, surface } = context;
    const control = cluster.control();
    const [node] = resolveSingle(call.text('NODE'), control, surface.random).nodes;
    const state = call.text('STATE') as ProcessStateName;
    context.waiting(`${node} to be ${state}`);
    await liveBecomes(context, control, `${node} ${state}`, () => control.live().states.get(node!) === state);
    return { document: { node: node!, state }, principal: state, text: () => `${node} is ${state}` };
  },
};

const waitEvent: CommandSpec = {
  name: 'wait event',
  group: 'waiting',
  about: 'Waits for an event',
  arguments: [{ name: 'FIELD=VALUE', kind: { type: 'pair' }, many: true }],
  options: [
    {
      name: 'since',
      value: { label: 'MARK', kind: { type: 'mark' } },
      about: 'one after this mark will do; else only a new one',
    },
  ],
  examples: [
    { line: 'wait event kind=role-changed to=leader', about: 'the next election' },
    { line: 'wait event kind=process-exited node=node-02 --since killed', about: 'also if it happened already' },
  ],
  async run(context, call) {
    const { events } = context.cluster.control();
    const filter = parseFilter(checkedPairs(call.all('FIELD=VALUE')), { level: 'trace' });
    const after = call.has('since') ? sinceOf(context, call) : await events.last();
    context.waiting(`an event ${call.all('FIELD=VALUE').join(' ')}`);
    const event: MergedEvent = await events.waitFor(filter, after, {
      timeoutMs: context.timeoutMs,
      signal: context.signal,
    });
    return {
      document: eventDocument(event),
      principal: event.event,
      text: () => sanitizeLine(renderEvent(event)),
    } satisfies Outcome;
  },
};

export const WAITING_COMMANDS: readonly CommandSpec[] = [waitLeader, waitNode, waitEvent];

function knownLeader(control: ClusterControl): NodeId | undefined {
  try {
    return leaderOf(control.live());
  } catch {
    return undefined;
  }
}

/** Resolves when the live state satisfies `holds`, at once if it does already. */
function liveBecomes(context: Context, control: ClusterControl, wanted: string, holds: () => boolean): Promise<void> {
  const { surface, signal, timeoutMs } = context;
  return new Promise((resolvePromise, reject) => {
    if (holds()) return resolvePromise();
    const finish = (settle: () => void) => {
      timer.cancel();
      stop();
      signal.removeEventListener('abort', aborted);
      settle();
    };
    const aborted = () => finish(() => reject(new RaftctlError('aborted', `gave up waiting for ${wanted}`)));
    const stop = control.onLiveChange(() => {
      if (holds()) finish(resolvePromise);
    });
    const timer = surface.scheduler.after(timeoutMs, () => finish(() => reject(timedOut(control, wanted, timeoutMs))));
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted);
  });
}

function timedOut(control: ClusterControl, wanted: string, timeoutMs: number): RaftctlError {
  const { up, total, leader, term } = control.live();
  const now = `${up}/${total} up, ${leader === null ? 'no leader' : `leader ${leader}`}, term ${term}`;
  return new RaftctlError('timeout', `no ${wanted.replace(/^a /, '')} within ${formatDuration(timeoutMs)} (${now})`, {
    definite: true,
  });
}
