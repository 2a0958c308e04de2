import type { ClusterControl, LiveState } from '../../cluster/index.js';
import type { View } from '../output/index.js';

/** `demo node-02* t7 4/4> `, `demo no leader 2/4> `: what is known now, without asking anybody. */
export function promptText(name: string, live: LiveState, { paint }: Pick<View, 'paint'>): string {
  const { leader, term, up, total } = live;
  const count = up === total ? `${up}/${total}` : paint.yellow(`${up}/${total}`);
  if (leader === null) return `${name} ${paint.yellow('no leader')} ${count}> `;
  return `${name} ${paint.green(`${leader}*`)} t${term} ${count}> `;
}

export const promptOf = (control: ClusterControl, view: Pick<View, 'paint'>): string =>
  promptText(control.config.name, control.live(), view);
