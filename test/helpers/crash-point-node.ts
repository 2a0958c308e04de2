import { realMachine, runNode } from '../../src/node/main.js';
import { NODE_SPEC_VARIABLE, parseNodeSpec } from '../../src/wire/node-spec.js';
import { CRASH_POINTS_VARIABLE, CrashBook } from './crash-point.js';
import { CrashingBackend } from './crash-point-backend.js';
import { crashingDisk } from './crash-point-disk.js';
import { crashAtEvents } from './crash-point-events.js';
import { CrashPoints } from './crash-point-process.js';
import { crashingTransport } from './crash-point-transport.js';

/** The program of a node process, as `src/cli/node-process.ts`, on a machine with crash points. */
const spec = parseNodeSpec(process.env[NODE_SPEC_VARIABLE] ?? '');
const points = new CrashPoints(new CrashBook(process.env[CRASH_POINTS_VARIABLE] ?? '', spec.id));
crashAtEvents(points);
void runNode(
  spec,
  { supervised: true },
  {
    fileSystem: crashingDisk(realMachine.fileSystem, points),
    backend: (directory) => new CrashingBackend(realMachine.backend(directory), points),
    // Whoever waits for a flush does so for moments.
    limits: { flushMs: 1_000 },
    createTransport: (options) => crashingTransport(realMachine.createTransport(options), points),
  },
);
