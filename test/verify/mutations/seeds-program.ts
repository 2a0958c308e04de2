import { runSimulation } from '../../../src/verify/sim/index.js';

/**
 * Bundled with a deliberate bug: `node seeds-program.mjs FROM TO MS` runs the seeds until one finds it. Prints one line
 * of JSON: the seed and what it found, or null.
 */
interface Found {
  readonly seed: number;
  readonly claim: string;
  readonly detail: string;
}

const [from, to, durationMs] = process.argv.slice(2).map(Number) as [number, number, number];
let seed = from;

function report(found: Found | null): never {
  process.stdout.write(`${JSON.stringify(found)}\n`);
  process.exit(0);
}

// A node's process dies of what nobody catches; so does this one, and that is a find.
process.on('unhandledRejection', (error) =>
  report({ seed, claim: 'nothing rejects unhandled', detail: String(error) }),
);
process.on('uncaughtException', (error) => report({ seed, claim: 'nothing throws uncaught', detail: String(error) }));

for (; seed <= to; seed += 1) {
  const { claim, detail } = await runSimulation({ seed, durationMs });
  if (claim !== undefined) report({ seed, claim, detail: detail ?? '' });
}
report(null);
