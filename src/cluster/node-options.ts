import { RaftctlError } from '../base/index.js';

const FORBIDS_CODE = /--disallow[-_]code[-_]generation[-_]from[-_]strings/;

/** A node inherits NODE_OPTIONS, and its storage engine makes functions of text: it would die before it said a word. */
export function refuseForbiddenCode(environment: Readonly<Record<string, string | undefined>> = process.env): void {
  const option = FORBIDS_CODE.exec(environment['NODE_OPTIONS'] ?? '')?.[0];
  if (option === undefined) return;
  throw new RaftctlError('start-failed', `NODE_OPTIONS has ${option}, under which no node can run`, {
    hint: `take ${option} out of NODE_OPTIONS`,
  });
}
