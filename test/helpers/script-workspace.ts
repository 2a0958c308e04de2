import { type Clock, type Scheduler, seededRandom } from '../../src/base/index.js';
import type { Cluster } from '../../src/console/cluster.js';
import type { Workspace } from '../../src/console/context.js';
import { newScope, type Scope } from '../../src/console/scope.js';
import type { Surface } from '../../src/console/surface.js';

export interface ScriptParts {
  readonly cluster: Cluster;
  readonly scope?: Partial<Scope>;
  readonly surface: Partial<Surface> & { readonly clock: Clock; readonly scheduler: Scheduler };
}

/** What a script runs in at its beginning: nothing marked, set or running. The rest is the caller's. */
export const scriptWorkspace = ({ cluster, scope, surface }: ScriptParts): Workspace => ({
  cluster,
  scope: { ...newScope(), ...scope },
  surface: { origin: 'script', console: 'pid 1', random: seededRandom(1), environment: {}, ...surface },
});
