import type { Clock, Emit, Fields, Level } from '../base/index.js';
import type { MergedStream } from '../diagnostics/index.js';

/** The supervisor's own events go straight into the merged stream, whatever their level: they are few. */
export function supervisorEmit(stream: MergedStream, clock: Clock, instance: string): Emit {
  let sequence = 0;
  return {
    enabled: () => true,
    emit(level: Level, event: string, fields: Fields = {}) {
      sequence += 1;
      const now = { wall: clock.wall(), time: clock.now() };
      stream.append([
        { node: 'supervisor', instance, sequence, component: 'supervisor', level, event, fields, ...now },
      ]);
    },
  };
}
