import { readdirSync, readFileSync } from 'node:fs';

/** The command lines of the processes that have `text` in their environment, as everything has that a program starts. */
export function commandsWithEnvironment(text: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(text)) return [];
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()];
      } catch {
        // Somebody else's, or gone in the meantime.
        return [];
      }
    })
    .filter((command) => command !== '');
}
