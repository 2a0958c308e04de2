import { didYouMean, RaftctlError } from '../base/index.js';
import type { RunningCluster } from '../cluster/index.js';
import { realPath } from '../console/files/index.js';

/** The running cluster that is meant: the one named by `-C`, or the only one. */
export function chooseCluster(clusters: readonly RunningCluster[], name: string | undefined): RunningCluster {
  if (name !== undefined) {
    const named = clustersMeant(clusters, name);
    if (named.length === 1) return named[0]!;
    if (named.length > 1) throw ambiguous(named);
    throw new RaftctlError(
      'no-such-cluster',
      `no cluster '${name}' is running${didYouMean(
        name,
        clusters.map((cluster) => cluster.name),
      )}`,
      {
        hint: clusters.length === 0 ? `none is: ${START_ONE}` : `running: ${listed(clusters)}`,
      },
    );
  }
  if (clusters.length === 1) return clusters[0]!;
  if (clusters.length === 0) throw noCluster();
  throw ambiguous(clusters);
}

const START_ONE = 'raftctl up starts one';
export const noCluster = (): RaftctlError =>
  new RaftctlError('not-running', 'no cluster is running', { hint: START_ONE });

/** Names first; a directory may be named through symlinks, from here or from the root, with a slash behind it. */
function clustersMeant(clusters: readonly RunningCluster[], meant: string): readonly RunningCluster[] {
  const named = clusters.filter(({ name }) => name === meant);
  if (named.length > 0) return named;
  const place = realPath(meant);
  return clusters.filter(({ directory }) => directory === place);
}

function ambiguous(clusters: readonly RunningCluster[]): RaftctlError {
  return new RaftctlError('usage', `${clusters.length} clusters are running: ${listed(clusters)}`, {
    hint: 'choose one with -C NAME, or -C DIRECTORY where names are the same',
  });
}

const listed = (clusters: readonly RunningCluster[]): string =>
  clusters.map(({ name, directory }) => `${name} (${directory})`).join(', ');
