import type { NodeId } from '../../base/index.js';
import {
  encodeError,
  encodeEventBatch,
  encodeLeadership,
  encodeMembershipDocument,
  encodeNodeStatus,
  encodeOkGet,
  encodeOkScan,
  encodeOkSession,
  encodeOkWrite,
  encodeWatchEvents,
  KIND,
} from '../../wire/index.js';
import type { Origin } from '../origin.js';
import type { News, Result } from '../result.js';

/** What the answers of one node have in common. */
export interface AnswerContext {
  /** Goes along with errors, so that a client finds the leader without asking. */
  readonly leader: () => NodeId | null;
  readonly encodeNews: (news: News) => Buffer;
}

/** Who asked in frames is answered in frames. */
export abstract class WireOrigin implements Origin {
  abstract readonly from: 'client' | 'node';
  abstract readonly name: string;
  abstract readonly isFull: boolean;
  abstract whenRoom(answer: (now: number) => void): void;
  protected abstract readonly context: AnswerContext;

  /** Sends the answer's kind and payload, the latter in parts. */
  protected abstract send(kind: number, ...parts: readonly Uint8Array[]): boolean;

  respond(result: Result): boolean {
    switch (result.type) {
      case 'written':
        return this.send(KIND.okWrite, encodeOkWrite(result));
      case 'session-opened':
        return this.send(KIND.okSession, encodeOkSession(result));
      case 'got':
        return this.send(KIND.okGet, ...encodeOkGet(result.revision, result.found));
      case 'scanned':
        return this.send(KIND.okScan, encodeOkScan(result));
      case 'status':
        return this.send(KIND.okDocument, encodeNodeStatus(result.status));
      case 'news':
        return this.send(KIND.watchEvents, this.context.encodeNews(result));
      case 'events':
        return this.send(KIND.eventBatch, encodeEventBatch(result.batch));
      case 'leads':
        return this.send(KIND.okDocument, encodeLeadership({ leader: result.leader, term: result.term }));
      case 'membership':
        return this.send(KIND.okDocument, encodeMembershipDocument(result.membership));
      case 'done':
        return this.send(KIND.ok);
      case 'failed':
        return this.send(KIND.error, encodeError(result.error, this.context.leader()));
    }
  }
}

/** All who watch the same are told the same: it is encoded for the first of them. */
export function onceForAll(): (news: News) => Buffer {
  let last: { readonly news: News; readonly payload: Buffer } | undefined;
  return (news) => {
    if (last?.news !== news) last = { news, payload: encodeWatchEvents(news) };
    return last.payload;
  };
}
