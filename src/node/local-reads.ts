import { RaftctlError } from '../base/index.js';
import type { KvStore } from '../kv/index.js';
import type { Get, Pending, Scan } from './request.js';
import { failed, type Got, type Scanned } from './result.js';

/** Entries in one answer to a scan; whoever encodes the answer bounds its bytes. */
const SCAN_LIMIT_MAX = 10_000;

/**
 * Answers from the local state, which is fresh enough now. Who does not take what it was told is answered once it has, as
 * the state is then: a request is small, and what it asks for may be a megabyte.
 */
export function answerRead(store: KvStore, read: Pending<Get | Scan>): void {
  const { request, origin, deadline } = read;
  if (origin.isFull) {
    origin.whenRoom((now) => {
      if (deadline > now) answerRead(store, read);
      else origin.respond(failed(new RaftctlError('timeout', 'answers on this connection were not read in time')));
    });
  } else origin.respond(serveRead(store, request));
}

/** What the local state says now, however fresh it is. */
function serveRead(store: KvStore, request: Get | Scan): Got | Scanned {
  if (request.type === 'get') return { type: 'got', revision: store.revision, found: store.get(request.key) };
  const { prefix, after, limit } = request;
  const bounded = limit === 0 ? SCAN_LIMIT_MAX : Math.min(limit, SCAN_LIMIT_MAX);
  return { type: 'scanned', ...store.scan({ prefix, limit: bounded, ...(after !== undefined && { after }) }) };
}
