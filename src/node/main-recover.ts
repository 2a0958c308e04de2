import { silent } from '../base/index.js';
import { realScheduler } from '../base/real/scheduler.js';
import { LmdbBackend } from '../kv/backend-lmdb.js';
import { realFileSystem } from '../storage/index.js';
import { examineMember, makeSoleMember, type OfflineWorld } from './survivor.js';

const world: OfflineWorld = {
  fileSystem: realFileSystem,
  backend: (directory) => LmdbBackend.open(directory),
  scheduler: realScheduler,
  emit: silent,
};

/** The data of members that do not run, on this machine. The caller holds their locks. */
export const memberData = {
  examine: (...[directory, bootstrap]: Tail<typeof examineMember>) => examineMember(world, directory, bootstrap),
  makeSole: (...[directory, sole]: Tail<typeof makeSoleMember>) => makeSoleMember(world, directory, sole),
};

type Tail<F> = F extends (first: never, ...rest: infer Rest) => unknown ? Rest : never;
