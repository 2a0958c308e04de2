import { RaftctlError } from '../base/index.js';

/**
 * V8's memory reducer collects the whole heap 8 and 9 seconds after a process was busy, which costs four nodes 0.8% of a
 * core over half a minute. And a young generation of 16 MiB takes twice that, for garbage of one turn.
 * V8 takes no code that was made under other flags: the build makes a node's under these.
 */
export const V8_OF_A_NODE = ['--no-memory-reducer', '--max-semi-space-size=8'];

const FORBIDS_CODE = /--disallow[-_]code[-_]generation[-_]from[-_]strings/;

/** A node inherits NODE_OPTIONS, and its storage engine makes functions of text: it would die before it said a word. */
export function refuseForbiddenCode(environment: Readonly<Record<string, string | undefined>> = process.env): void {
  const option = FORBIDS_CODE.exec(environment['NODE_OPTIONS'] ?? '')?.[0];
  if (option === undefined) return;
  throw new RaftctlError('start-failed', `NODE_OPTIONS has ${option}, under which no node can run`, {
    hint: `take ${option} out of NODE_OPTIONS`,
  });
}
