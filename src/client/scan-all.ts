import type { Client, ReadOptions, ScanAllResult, ScanOptions, ScanResult } from './types.js';

/** How often a scan begins anew because the store changed between its pages, before it takes what there is. */
const RESTARTS_MAX = 3;

/**
 * All pages of a scan, up to `limit` entries. Each page is the store as of one revision; so are they together if none
 * of them names another. If one does, the scan begins anew, a bounded number of times: the revision is the whole
 * store's, so a busy store never holds still for a long scan. The last try is answered as it comes, `consistent: false`.
 */
export async function scanAll(
  client: Pick<Client, 'scan'>,
  options: ScanOptions,
  call: ReadOptions,
): Promise<ScanAllResult> {
  for (let restarts = 0; ; restarts += 1) {
    const result = await onePass(client, options, call, restarts === RESTARTS_MAX);
    if (result !== undefined) return result;
  }
}

/** Undefined: the store changed, and `isLast` is not set. */
async function onePass(
  client: Pick<Client, 'scan'>,
  { limit = 0xffff_ffff, ...range }: ScanOptions,
  call: ReadOptions,
  isLast: boolean,
): Promise<ScanAllResult | undefined> {
  const first = await client.scan({ ...range, limit }, call);
  const entries = [...first.entries];
  // Each node has its own state: what one began without asking the others, it goes on with.
  const rest = call.read === 'stale' ? { ...call, via: first.node } : call;
  let isConsistent = true;
  let page: ScanResult = first;
  while (page.more && page.entries.length > 0 && entries.length < limit) {
    page = await client.scan({ ...range, limit: limit - entries.length, after: entries.at(-1)!.key }, rest);
    isConsistent &&= page.revision === first.revision;
    if (!isConsistent && !isLast) return undefined;
    for (const entry of page.entries) entries.push(entry);
  }
  const { revision, node } = first;
  return { entries, more: page.more, revision, node, consistent: isConsistent };
}
