import { readFileSync } from 'node:fs';

/** How many descriptors this process may have open, as Linux tells it. Undefined: there is no bound, or none is told. */
export function descriptorLimit(limitsFile = '/proc/self/limits'): number | undefined {
  let text: string;
  try {
    text = readFileSync(limitsFile, 'utf8');
  } catch {
    return undefined; // another system: accepting then fails when they run out, which harms nobody
  }
  const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1];
  return soft === undefined ? undefined : Number(soft);
}
