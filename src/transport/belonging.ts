import { RaftctlError } from '../base/index.js';
import type { Hello } from './transport.js';

/** What to look at when a proof of the secret is wrong or missing. */
export const SAME_DIRECTORY = 'is it the same cluster directory? the secret of the cluster lies there';

export const nameOf = ({ node }: Hello): string => (node === '' ? 'the listener' : node);

/** Do the two belong together? Asked on both sides, so the answer names both. */
export function checkCluster(dialer: Hello, listener: Hello): RaftctlError | undefined {
  if (dialer.clusterId === listener.clusterId) return undefined;
  const name = nameOf(listener);
  if (dialer.clusterId !== '') {
    return new RaftctlError(
      'handshake-refused',
      `${name} belongs to cluster ${listener.clusterId}, the ${dialer.role} asks for cluster ${dialer.clusterId}`,
      { hint: 'compare host and port with the cluster.yaml of the cluster you mean' },
    );
  }
  if (dialer.role === 'client') return undefined;
  return new RaftctlError('handshake-refused', `${name} expected the cluster id of a ${dialer.role}, received none`);
}

/**
 * Is it who was dialed? Asked before anything is proved: a stranger who listens where a member was could pass the
 * challenge of another member on, and come in there with the dialer's proof. A challenge that names somebody else than
 * it came from makes a proof that fits neither.
 */
export function checkListener({ node }: Hello, expected: string | undefined): RaftctlError | undefined {
  if (expected === undefined || node === expected) return undefined;
  return new RaftctlError(
    'handshake-refused',
    `expected ${expected}, found ${node === '' ? 'somebody unnamed' : node}`,
    {
      hint: 'the members of all nodes must name the same addresses',
    },
  );
}
