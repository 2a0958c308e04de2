import { assert } from '../base/index.js';
import { openDataDirectory, openWal, readSightings, segmentSizesFor } from '../storage/index.js';
import type { NodeSpec } from '../wire/index.js';
import { Faults } from './faults.js';
import { examineState, type FoundState } from './found-state.js';
import { openState } from './open-state.js';
import { NodeServer } from './server.js';
import { Sightings } from './sightings.js';
import type { NodeWorld } from './world.js';

/**
 * Opens a node's data and starts its server. The holder of the directory's lock calls it. Data that is not this node's,
 * damaged or newer is refused before anything is changed; the state machine must fit the log. Its start is
 * counted last, before anybody hears of it. Its faults are in force before anything of it is touched.
 */
export async function openNode(spec: NodeSpec, world: NodeWorld): Promise<NodeServer> {
  const faults = new Faults(world);
  faults.begin(spec.faults);
  return open(spec, { ...world, ...faults.onDisk(world) }, faults);
}

async function open(spec: NodeSpec, world: NodeWorld, faults: Faults): Promise<NodeServer> {
  const { fileSystem, recorder, scheduler } = world;
  const emit = recorder.emitFor('storage');
  const { segmentBytes, firstSegmentBytes } = segmentSizesFor(spec.keepLogBytes);
  const data = await openDataDirectory({
    fileSystem,
    directory: spec.directory,
    identity: { clusterId: spec.clusterId, node: spec.id, incarnation: spec.incarnation },
    mayCreate: spec.mayCreate,
    emit,
    firstSegmentBytes: world.walOptions?.firstSegmentBytes ?? firstSegmentBytes,
  });
  const stored = await readSightings(fileSystem, data.path);
  let found: FoundState | undefined;
  const { wal, recovered } = await openWal({
    fileSystem,
    directory: data.wal,
    emit,
    scheduler,
    options: { segmentBytes, firstSegmentBytes, ...world.walOptions, onFatal: world.onFatal },
    // A state that refuses this log refuses it before its unfinished end is cut.
    check: (log) => {
      found = examineState(spec, world, data, log);
    },
  });
  assert(found !== undefined, 'a log was opened and nobody looked at the state beside it');
  const { store, generation, onFatal } = await openState({ spec, world, data, wal, found });
  await data.raiseFormat();
  // The log as it is now: what is told of it later stays true of this process's start.
  const { currentTerm: term } = recovered.hardState;
  const self = { incarnation: spec.incarnation, instance: world.instance, term, index: wal.lastIndex };
  const { path: directory } = data;
  const sightings = await Sightings.open({ id: spec.id, directory, fileSystem, scheduler, emit, stored, self });
  const server = new NodeServer({
    ...world,
    onRemoved: world.onRemoved ?? onFatal,
    onFatal,
    faults,
    spec,
    data,
    wal,
    recovered,
    store,
    generation,
    sightings,
  });
  await server.start();
  return server;
}
