import { RaftctlError } from '../../base/index.js';
import type { ClusterClient } from '../../client/client.js';
import type { KeyValue, ReadOptions } from '../../client/index.js';
import { renderScan, renderVersions } from './model.js';
import { nameOf, valueNamed } from './values.js';

/** What a client asks for. `value` names what it writes. */
export type Request =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'get'; readonly key: string; readonly stale: boolean }
  | { readonly type: 'cas'; readonly key: string; readonly expected: string | null; readonly value: string }
  | { readonly type: 'del'; readonly key: string }
  | ScanRequest;

export interface ScanRequest {
  readonly type: 'scan';
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
  readonly stale: boolean;
}

/** What one call came to. */
export interface Answered {
  readonly outcome: 'ok' | 'failed' | 'unknown';
  /** Of a scan: see `renderScan`. */
  readonly output: string | boolean | null;
  /** Of a get that found something: see `renderVersions`. */
  readonly versions?: string;
  readonly revision: number | null;
  readonly node: string | null;
  /** Why there was no answer. */
  readonly error?: RaftctlError;
}

/** Nothing came back, and nothing will. */
export const NOBODY_KNOWS: Answered = { outcome: 'unknown', output: null, revision: null, node: null };

/** Asks, and answers how it ended; never rejects for what a cluster may say. */
export async function perform(
  client: ClusterClient,
  request: Request,
  via: ReadOptions,
  valueBytesMax: number,
): Promise<Answered> {
  const bytes = (name: string): Buffer => valueNamed(name, randomLength(name, valueBytesMax));
  try {
    switch (request.type) {
      case 'get': {
        const { entry, revision, node } = await client.read(request.key, { ...via, read: modeOf(request) });
        if (entry === null) return { outcome: 'ok', output: null, revision, node };
        return { outcome: 'ok', output: nameOf(entry.value), versions: renderVersions(entry), revision, node };
      }
      case 'scan': {
        const { prefix, after, limit } = request;
        const options = { prefix, limit, ...(after !== '' && { after }) };
        const { entries, more, revision, node } = await client.scan(options, { ...via, read: modeOf(request) });
        return { outcome: 'ok', output: renderScan(entries.map(named), more), revision, node };
      }
      case 'put': {
        const { revision, node } = await client.put(request.key, bytes(request.value), via);
        return { outcome: 'ok', output: null, revision, node };
      }
      case 'del': {
        const { deleted, revision, node } = await client.delete(request.key, via);
        return { outcome: 'ok', output: deleted, revision, node };
      }
      case 'cas': {
        const expected = request.expected === null ? null : bytes(request.expected);
        const answer = await client.compareAndSet(request.key, expected, bytes(request.value), via);
        return { outcome: 'ok', output: answer.succeeded, revision: answer.revision, node: answer.node };
      }
    }
  } catch (error) {
    if (!(error instanceof RaftctlError)) throw error;
    return { outcome: error.definite ? 'failed' : 'unknown', output: null, revision: null, node: null, error };
  }
}

const modeOf = ({ stale }: { readonly stale: boolean }): 'stale' | 'linearizable' => (stale ? 'stale' : 'linearizable');

const named = ({ key, value, createRevision, modRevision, version }: KeyValue) => ({
  key: key.toString('latin1'),
  value: nameOf(value),
  createRevision,
  modRevision,
  version,
});

/** The same for the same name, so that a cas can say what it expects. */
function randomLength(name: string, most: number): number {
  let hash = 0;
  for (let at = 0; at < name.length; at += 1) hash = (Math.imul(hash, 31) + name.charCodeAt(at)) | 0;
  return name.length + (Math.abs(hash) % most);
}

/** A request as the trace has it. */
export function describe(request: Request): string {
  switch (request.type) {
    case 'get':
      return `get ${request.key}${request.stale ? ' stale' : ''}`;
    case 'scan':
      return `scan ${request.prefix}*${request.after && ` after ${request.after}`} limit ${request.limit}${request.stale ? ' stale' : ''}`;
    case 'put':
      return `put ${request.key} ${request.value}`;
    case 'cas':
      return `cas ${request.key} ${request.expected} ${request.value}`;
    case 'del':
      return `del ${request.key}`;
  }
}

/** Its answer as the trace has it. */
export function describeAnswer({ type }: Request, { outcome, output, revision, node, error }: Answered): string {
  if (outcome !== 'ok') return `${outcome} (${error?.code}: ${error?.message})`;
  return `${type === 'put' ? 'ok' : (output ?? '(nil)')} revision ${revision} from ${node}`;
}
