import { asRevision, assert, EMPTY_REVISION, RaftctlError, type Revision } from '../base/index.js';
import type { EventQuery, EventsFound, KeyEvent } from './types.js';
import type { Version } from './version.js';

/**
 * What happened to keys, revision by revision, in memory: a ring of pages. A record is written at the front of the
 * newest page, its place into the page's end, until the two meet:
 *
 *     page     record | record | … → free ← … | place 1 | place 0          places: u32, counted from the end
 *     record   f64 createRevision | f64 modRevision | f64 version | u32 key length | u32 value length | key | value
 *
 * Records begin at multiples of 8, so that the numbers are stores into typed arrays. Key and value are copied, in one
 * piece as they stand in the command: a reference would hold the whole buffer that they arrived in, and the bound would
 * mean nothing. The oldest page goes when the pages pass the bound; the newest always stays, however large.
 */
export class PastRevisions {
  readonly #bytesMax: number;
  readonly #pageBytes: number;
  /** Oldest first. */
  readonly #pages: Page[] = [];
  #newest: Page | undefined;
  #bytes = 0;
  #oldest: Revision;
  #last: Revision;

  /** Nothing is known of `revision` and what was before it; of an empty store there is nothing to know. */
  constructor(bytesMax: number, revision: Revision) {
    this.#bytesMax = bytesMax;
    this.#pageBytes = Math.min(PAGE_BYTES_MAX, Math.max(PAGE_BYTES_MIN, roundedUp(bytesMax / PAGES)));
    this.#oldest = revision === EMPTY_REVISION ? revision : asRevision(revision + 1);
    this.#last = revision;
  }

  /** The first revision whose events are still here, or will be: those before it are gone. */
  get oldest(): Revision {
    return this.#oldest;
  }

  /** What all pages cost in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The key lies in `bytes` from `keyAt` to `valueAt`, its value from there to `end`. */
  add(bytes: Buffer, keyAt: number, valueAt: number, end: number, version: Version): void {
    const needed = RECORD_HEADER_BYTES + end - keyAt;
    let page = this.#newest;
    if (page === undefined || !page.fits(needed)) page = this.#turnPage(needed);
    page.add(bytes, keyAt, valueAt, end, version);
    this.#last = version.modRevision;
  }

  /** Throws `revision-gone` when `from` is older than what is kept. Keys and values are valid until the next `add`. */
  find({ from, wants, bytesMax = READ_BYTES_MAX }: EventQuery): EventsFound {
    if (from < this.#oldest) throw revisionGone(from, this.#oldest);
    const events: KeyEvent[] = [];
    let upTo = asRevision(Math.max(this.#last, from - 1));
    let bytes = 0;
    for (let nth = this.#pageOf(from); nth < this.#pages.length; nth += 1) {
      const page = this.#pages[nth]!;
      for (let place = page.firstFrom(from); place < page.count; place += 1) {
        const at = page.recordAt(place);
        const revision = page.revisionAt(at);
        // Only between two revisions, so that the events of one are never split.
        if (bytes >= bytesMax && revision !== upTo) return { events, upTo, bytes };
        upTo = revision;
        bytes += page.sizeAt(at);
        if (wants === undefined || wants(page.keyTextAt(at))) events.push(page.eventAt(at));
      }
    }
    return { events, upTo, bytes };
  }

  /** Makes room before it takes more; a page that goes is written again. */
  #turnPage(needed: number): Page {
    const size = Math.max(this.#pageBytes, roundedUp(needed + PLACE_BYTES));
    let page: Page | undefined;
    while (this.#pages.length > 0 && this.#bytes + size > this.#bytesMax) {
      const dropped = this.#pages.shift()!;
      this.#bytes -= dropped.size;
      // What the next page has of the same revision is gone with it.
      this.#oldest = asRevision(dropped.lastRevision + 1);
      if (dropped.size === size) page = dropped;
    }
    page ??= new Page(size);
    page.clear();
    this.#newest = page;
    this.#pages.push(page);
    this.#bytes += size;
    return page;
  }

  /** The first page that may hold `revision`; mostly asked for the newest. */
  #pageOf(revision: Revision): number {
    let nth = this.#pages.length;
    while (nth > 0 && this.#pages[nth - 1]!.lastRevision >= revision) nth -= 1;
    return nth;
  }
}

/** What is said of events that the ring no longer holds. */
export const revisionGone = (from: Revision, oldest: Revision): RaftctlError =>
  new RaftctlError(
    'revision-gone',
    `the events of revision ${from} are gone: the oldest that can be had is ${oldest}`,
    {
      hint: 'read the keys as they stand, and watch from there',
    },
  );

const PAGES = 64;
const PAGE_BYTES_MIN = 256;
const PAGE_BYTES_MAX = 1 << 20;
const READ_BYTES_MAX = 1 << 20;
const RECORD_HEADER_BYTES = 32;
const PLACE_BYTES = 4;

const roundedUp = (bytes: number): number => Math.ceil(bytes / 8) * 8;

class Page {
  readonly size: number;
  readonly #bytes: Buffer;
  /** Two views of the same bytes. */
  readonly #numbers: Float64Array;
  readonly #words: Uint32Array;
  #end = 0;
  count = 0;
  /** Of the last record; revisions rise. */
  lastRevision: Revision = asRevision(0);

  constructor(size: number) {
    this.size = size;
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#numbers = new Float64Array(this.#bytes.buffer);
    this.#words = new Uint32Array(this.#bytes.buffer);
  }

  clear(): void {
    this.#end = 0;
    this.count = 0;
  }

  fits(needed: number): boolean {
    return this.#end + needed + (this.count + 1) * PLACE_BYTES <= this.size;
  }

  add(bytes: Buffer, keyAt: number, valueAt: number, end: number, version: Version): void {
    const at = this.#end;
    this.#numbers[at / 8] = version.createRevision;
    this.#numbers[at / 8 + 1] = version.modRevision;
    this.#numbers[at / 8 + 2] = version.version;
    this.#words[at / 4 + 6] = valueAt - keyAt;
    this.#words[at / 4 + 7] = end - valueAt;
    bytes.copy(this.#bytes, at + RECORD_HEADER_BYTES, keyAt, end);
    this.count += 1;
    this.#words[this.#words.length - this.count] = at;
    this.#end = roundedUp(at + RECORD_HEADER_BYTES + end - keyAt);
    this.lastRevision = version.modRevision;
    assert(this.#end <= this.size, 'a record beyond the end of its page');
  }

  recordAt(place: number): number {
    return this.#words[this.#words.length - 1 - place]!;
  }

  revisionAt(at: number): Revision {
    return this.#numbers[at / 8 + 1]! as Revision;
  }

  sizeAt(at: number): number {
    return RECORD_HEADER_BYTES + this.#words[at / 4 + 6]! + this.#words[at / 4 + 7]!;
  }

  keyTextAt(at: number): string {
    const keyAt = at + RECORD_HEADER_BYTES;
    return this.#bytes.toString('latin1', keyAt, keyAt + this.#words[at / 4 + 6]!);
  }

  eventAt(at: number): KeyEvent {
    const keyAt = at + RECORD_HEADER_BYTES;
    const valueAt = keyAt + this.#words[at / 4 + 6]!;
    const version = this.#numbers[at / 8 + 2]!;
    return {
      type: version === 0 ? 'delete' : 'put',
      key: this.#bytes.subarray(keyAt, valueAt),
      value: this.#bytes.subarray(valueAt, valueAt + this.#words[at / 4 + 7]!),
      createRevision: this.#numbers[at / 8]! as Revision,
      modRevision: this.#numbers[at / 8 + 1]! as Revision,
      version,
    };
  }

  /** The first place whose revision is not below `revision`. */
  firstFrom(revision: Revision): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.revisionAt(this.recordAt(middle)) < revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
