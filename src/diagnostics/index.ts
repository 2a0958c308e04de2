/**
 * # diagnostics: what happened, in order
 *
 * Every part of raftctl says what happens through the `Emit` it was handed. In a node these events land in an
 * `EventRecorder`, a bounded ring. The supervisor subscribes to each node's ring and appends what it hears, with its
 * own events, to one `MergedStream`, which `logs`, `events`, `count` and `wait` read.
 *
 *     const recorder = new EventRecorder({ node, instance, clock, scheduler, level: 'info' });
 *     const emit = recorder.emitFor('raft');
 *     if (emit.enabled('trace')) emit.emit('trace', 'heartbeat-sent', { to: 'node-02' });
 *     recorder.subscribe(0, 'info', (events, lost) => send(encodeEventBatch({ instance, lost, events })));
 *
 *     const stream = new MergedStream({ clock, scheduler });
 *     const mark = await stream.last();
 *     await stream.waitFor(parseFilter(['kind=role-changed', 'to=leader']), mark, { timeoutMs: 2_000 });
 *     await stream.count({ event: 'role-changed' }, mark);
 *
 * Rules:
 * - A level that nobody asks for costs a comparison of numbers. The level of a recorder is the most verbose of its base
 *   level and its subscriptions'.
 * - An event is known by (instance, sequence). What a ring dropped before a subscriber read it is told as a number of
 *   lost events, and shows up in the merged stream as `events-lost`.
 * - Positions in the merged stream never change. What arrives in one turn of the event loop is ordered by its monotonic
 *   time, which all processes of a machine share; later arrivals come later, whatever their time.
 * - Whoever asks (`last`, `count`, `read`) sees everything that has arrived, so a question never overtakes an answer.
 * - A reader's regular expression may hold up the process for `PATTERN_MS`, then it is given up: an error, or for a
 *   subscription its end, which it is told as `pattern-too-slow`.
 * - Names are in `EVENTS`; levels are error, warn, info, debug, trace.
 *
 * The text of an event: `12:03:04.123 info  node-02 raft role-changed from=candidate to=leader term=7`.
 */
export * from './event.js';
export * from './events.js';
export * from './explanation/index.js';
export * from './filter.js';
export * from './level.js';
export * from './merged-stream.js';
export * from './recorder.js';
export * from './render.js';
