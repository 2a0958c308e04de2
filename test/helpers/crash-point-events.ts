import type { Emit } from '../../src/base/index.js';
import { EventRecorder } from '../../src/diagnostics/index.js';
import { CRASH_POINTS, type CrashPoint } from './crash-point.js';
import { type CrashPoints, die } from './crash-point-process.js';

/** By the event at which the process dies. */
const AT: ReadonlyMap<string, CrashPoint> = new Map(
  CRASH_POINTS.filter((point) => point.startsWith('at-')).map((point) => [point.slice('at-'.length), point]),
);

/** From now on the process dies as it says that something happened, before anybody can hear it. */
export function crashAtEvents(points: CrashPoints): void {
  const { emitFor } = EventRecorder.prototype;
  EventRecorder.prototype.emitFor = function crashing(component): Emit {
    const emit = emitFor.call(this, component);
    return {
      enabled: (level) => emit.enabled(level),
      emit: (level, event, fields) => {
        emit.emit(level, event, fields);
        const point = AT.get(event);
        if (point === undefined) return;
        if (event === 'membership-entered') points.memberships.push(Number(fields?.['index']));
        if (points.reached(point, fields ?? {})) die();
      },
    };
  };
}
