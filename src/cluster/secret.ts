import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { RaftctlError, systemReason } from '../base/index.js';
import { writeFileAtomically } from '../os/index.js';

const SECRET_BYTES = 32;
const CONTENT = new RegExp(`^[0-9a-f]{${2 * SECRET_BYTES}}\\n?$`);

/**
 * The secret that members and the supervisor of one cluster prove to each other (docs/protocol.md). It lies in the
 * cluster's directory, readable by its owner alone, as 64 hex digits. The first start draws it, and so does the first
 * one of a cluster that was made without; it is durable before a node needs it.
 */
export async function takeSecret(file: string): Promise<Buffer> {
  return find(file) ?? drawSecret(file);
}

/** Draws one in any case: whoever knows the one before, if there was one, is a stranger from the next start on. */
export async function drawSecret(file: string): Promise<Buffer> {
  const drawn = randomBytes(SECRET_BYTES);
  await writeFileAtomically(file, `${drawn.toString('hex')}\n`);
  return drawn;
}

/** For a node without a supervisor that draws one: `data-unreadable` when there is none. */
export function readSecret(file: string): Buffer {
  const found = find(file);
  if (found !== undefined) return found;
  throw new RaftctlError('data-unreadable', `${file}: there is no secret of the cluster`, {
    hint: `all nodes of a cluster have the same: make one with (umask 077; openssl rand -hex ${SECRET_BYTES} > secret), or name its file with --secret-file`,
  });
}

function find(file: string): Buffer | undefined {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw refused(file, systemReason(thrown), thrown);
  }
  if (CONTENT.test(content)) return Buffer.from(content.trimEnd(), 'hex');
  throw refused(file, `expected ${2 * SECRET_BYTES} hex digits, got ${content.length} characters of another kind`);
}

const refused = (file: string, why: string, cause?: unknown): RaftctlError =>
  new RaftctlError('data-unreadable', `${file}, the secret of the cluster: ${why}`, {
    hint: 'restore it from another node of the cluster; or, when none of its nodes runs, delete it: the next start draws a new one',
    cause,
  });
