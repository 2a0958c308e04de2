import { seededRandom } from '../../src/base/index.js';
import type { Session } from '../../src/console/context.js';
import { Jobs } from '../../src/console/script/index.js';

/** A script's session at its beginning: nothing marked, set or running. The rest is the caller's. */
export function scriptSession<T extends Partial<Session> & Pick<Session, 'control' | 'client' | 'clock' | 'scheduler'>>(
  parts: T,
): Session & T {
  return {
    origin: 'script',
    random: seededRandom(1),
    environment: {},
    marks: new Map(),
    variables: new Map(),
    jobs: new Jobs(),
    lastFault: null,
    timeoutMs: 10_000,
    ...parts,
  };
}
