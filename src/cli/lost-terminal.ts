import { closeSync, fstatSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const STANDARD_STREAMS = [0, 1, 2] as const;

/**
 * Lets go of terminals that were closed under us. When Node exits it puts every terminal back into the mode in which it
 * found it, and dies by SIGABRT or SIGSEGV where there is none any more: whoever waits for us would take a clean end for
 * a crash. It leaves alone what is another file by then. Call it when the process exits, and nothing else is done.
 */
export function releaseLostTerminals(): void {
  for (const descriptor of STANDARD_STREAMS) {
    if (!isLostTerminal(descriptor)) continue;
    closeSync(descriptor);
    // The lowest that is free: the one just closed.
    openSync('/dev/null', 'r+');
  }
}

/** What is a device, and no terminal, was one, or is one like /dev/null, which may as well be exchanged for it. */
function isLostTerminal(descriptor: number): boolean {
  try {
    return !isatty(descriptor) && fstatSync(descriptor).isCharacterDevice();
  } catch {
    return false; // closed
  }
}
