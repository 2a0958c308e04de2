import type { KvStore } from '../kv/index.js';
import type { Get, Scan } from './request.js';
import type { Got, Scanned } from './result.js';

/** Entries in one answer to a scan; whoever encodes the answer bounds its bytes. */
const SCAN_LIMIT_MAX = 10_000;

/** What the local state says now, however fresh it is. */
export function serveRead(store: KvStore, request: Get | Scan): Got | Scanned {
  if (request.type === 'get') return { type: 'got', revision: store.revision, found: store.get(request.key) };
  const { prefix, after, limit } = request;
  const bounded = limit === 0 ? SCAN_LIMIT_MAX : Math.min(limit, SCAN_LIMIT_MAX);
  return { type: 'scanned', ...store.scan({ prefix, limit: bounded, ...(after !== undefined && { after }) }) };
}
