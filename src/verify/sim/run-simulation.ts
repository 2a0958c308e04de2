import { assert } from '../../base/index.js';
import type { SimulationOptions } from './options.js';
import { Simulation, type SimulationHooks } from './simulation.js';
import type { Verdict } from './verdict.js';

/** Runs one seed, to its end. */
export async function runSimulation(
  options: SimulationOptions,
  hooks: Omit<SimulationHooks, 'breathe'> & { readonly breathe?: () => Promise<void> } = {},
): Promise<Verdict> {
  const { trace, breathe } = hooks;
  const goOn = async () => {
    await breathe?.();
    return true;
  };
  const verdict = await new Simulation(options, { ...(trace && { trace }), breathe: goOn }).run();
  assert(verdict !== undefined, 'nobody interrupted it');
  return verdict;
}
