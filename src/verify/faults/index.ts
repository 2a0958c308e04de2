/**
 * # verify/faults: which fault, on whom, how long
 *
 * One vocabulary for chaos on real processes, for the commands at the prompt, and for the simulator.
 *
 *     const random = seededRandom(42);
 *     const round = drawRound(random, FAULT_KINDS, 800);          // { faults: [{ kind: 'partition', … }], … }
 *     const fault = drawFault('kill', { random, situation, victims, isOutage: false });
 *     await strike(target, fault);                                // { type: 'kill', nodes: ['node-02'] }
 *     await mend(target, fault, []);
 *     commandsOf(fault);                                          // ['kill node-02'], for a script
 *
 * ## Rounds
 *
 * Faults come in rounds: one, two or three that overlap, then a calm in which the cluster must recover. What a round is
 * (kinds, begins, spans) is drawn from the seed alone. Whom it strikes is drawn when it begins, from a seed of its own:
 * who leads then, the seed cannot know, and half of the time it is the leader. All faults of a round strike the same
 * *victims*, so few that the others are a quorum. One round in eight is an *outage*: there is no quorum, for a short time.
 *
 * ## Who does it
 *
 * A `FaultTarget` does what is said, to a real cluster (`console/chaos`) or to another. The simulator has more kinds of
 * fault than there are for real processes (a disk that lies, a power cut, drifting clocks), and strikes that go on
 * while others begin. So it keeps its own strikes (`sim/strikes-*.ts`); they draw spans, victims, sides and pairs with
 * `draw.ts`, in the order in which they always did: a seed of the simulator is still the same run.
 */
export * from './draw.js';
export * from './draw-fault.js';
export * from './fault.js';
export * from './kinds.js';
export * from './round.js';
export * from './target.js';
