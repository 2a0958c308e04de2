import { formatDuration } from '../language/duration.js';
import { resolveSingle } from './selector.js';
import type { CommandSpec } from './spec.js';

export const transferCommand: CommandSpec = {
  name: 'transfer',
  group: 'members',
  acts: true,
  about: 'Hands leadership to another node, without an election timeout',
  arguments: [{ name: 'NODE', kind: { type: 'selector' }, optional: true }],
  options: [],
  examples: [
    { line: 'transfer', about: 'to the follower that lacks the least' },
    { line: 'transfer node-03', about: 'to this one: it gets what it lacks first' },
  ],
  details:
    'Writes wait meanwhile, some milliseconds. If the node does not take over within an election timeout, the leader ' +
    'goes on as before and the command fails.',
  async run(context, call) {
    const { cluster, surface, output } = context;
    const control = cluster.control();
    const selector = call.find('NODE');
    const resolved = selector === undefined ? undefined : resolveSingle(selector, control, surface.random);
    if (resolved?.said) output.say(resolved.said);
    context.waiting(`${resolved?.nodes[0] ?? 'another node'} to lead`);
    const { from, leader, term, tookMs } = await control.transfer(resolved?.nodes[0], { timeoutMs: context.timeoutMs });
    return {
      document: { from, leader, term, tookMs: Math.round(tookMs * 10) / 10 },
      principal: leader,
      text: () => `${leader} leads, term ${term}, ${formatDuration(tookMs)} after it was asked of ${from}`,
    };
  },
};
