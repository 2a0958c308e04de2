import { resolve as absolute } from 'node:path';
import { VERSION } from '../../base/index.js';
import { type ClusterControl, faultText } from '../../cluster/control.js';
import { isDown } from '../../cluster/process-state.js';
import type { Workspace } from '../context.js';
import { wordOf } from '../language/quoting.js';
import { sanitizeLine } from '../output/index.js';
import { TIMEOUT_MS } from '../scope.js';

/** What stands before the first command: where it comes from, and a cluster as this one is now. */
export function preambleOf({ cluster, scope, surface }: Workspace): string {
  const control = cluster.control();
  const began = new Date(surface.clock.wall()).toISOString();
  const lines = [
    '#!/usr/bin/env -S raftctl exec',
    `# Recorded at the prompt of cluster ${sanitizeLine(control.config.name)}, ${began}, raftctl ${VERSION}.`,
    '# It brings a cluster of its own, with an empty store.',
    ...clusterLines(control),
    ...(scope.timeoutMs === TIMEOUT_MS ? [] : [`set timeout ${scope.timeoutMs}ms`]),
    ...[...scope.marks.keys()].map((mark) => `mark ${wordOf(mark)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function clusterLines(control: ClusterControl): string[] {
  const { config } = control;
  const { membership, states, leader, faults } = control.live();
  const names = membership.members.map(({ id }) => id).sort();
  const usual = names.every((id, place) => id === `node-${String(place + 1).padStart(2, '0')}`);
  const file = config.file === null ? null : wordOf(absolute(config.file));
  const lines = usual || file === null ? [`up --nodes ${names.length}`] : [`up --file ${file}`];
  if (usual && file !== null) lines.unshift(`# Made from ${file}: with --file, up takes its settings as well.`);
  if (!usual) lines.unshift(`# The members were ${names.join(', ')}.`);
  if (membership.learners.length > 0) lines.push(`# Learners were ${membership.learners.join(', ')}.`);
  for (const id of names) {
    const state = states.get(id);
    if (isDown(state)) lines.push(`stop ${wordOf(id)}`);
    else if (state === 'paused') lines.push(`pause ${wordOf(id)}`);
  }
  lines.push(...faults.map(({ fault }) => faultText(fault)));
  return leader === null ? lines : [...lines, 'wait leader'];
}
