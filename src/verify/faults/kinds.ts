import { didYouMean, RaftctlError } from '../../base/index.js';

/** Kinds of fault that chaos knows, by the names of the commands that do the same. */
export const FAULT_KINDS = [
  'kill',
  'pause',
  'restart',
  'partition',
  'cut',
  'slow',
  'flaky',
  'disk',
  'transfer',
  'membership',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

const isKind = (name: string): name is FaultKind => FAULT_KINDS.some((kind) => kind === name);

/** `kill,pause`: each once, in our order. Rejects with `usage` what is no kind, and names the nearest. */
export function parseKinds(text: string): readonly FaultKind[] {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (isKind(name)) continue;
    throw new RaftctlError('usage', `--faults: there is no fault '${name}'${didYouMean(name, FAULT_KINDS)}`, {
      hint: `faults are ${FAULT_KINDS.join(', ')}; several are separated by commas`,
    });
  }
  return FAULT_KINDS.filter((kind) => names.includes(kind));
}
