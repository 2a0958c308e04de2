import type { ClusterControl, LiveState } from '../../cluster/index.js';
import { countOfFaults } from '../commands/fault-words.js';
import type { View } from '../output/index.js';

/** `demo node-02* t7 4/4> `, `demo no leader 2/4 1 fault> `: what is known now, without asking anybody. */
export function promptText(name: string, live: LiveState, { paint }: Pick<View, 'paint'>): string {
  const { leader, term, up, total, faults } = live;
  const nodes = up === total ? `${up}/${total}` : paint.yellow(`${up}/${total}`);
  const count = faults.length === 0 ? nodes : `${nodes} ${paint.yellow(countOfFaults(faults))}`;
  if (leader === null) return `${name} ${paint.yellow('no leader')} ${count}> `;
  return `${name} ${paint.green(`${leader}*`)} t${term} ${count}> `;
}

export const promptOf = (control: ClusterControl, view: Pick<View, 'paint'>): string =>
  promptText(control.config.name, control.live(), view);
