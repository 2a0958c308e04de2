import { type Fields, unreachable } from '../../src/base/index.js';
import { type DiagnosticEvent, renderEvent } from '../../src/diagnostics/index.js';
import type { Entry, Message } from '../../src/raft/index.js';

/** Columns that hold for all stories: who, and then what it does or says. */
const WHO_WIDTH = { raft: 4, cluster: 11 } as const;

/** `n1  role-changed from=follower to=candidate term=1`. */
export const did = (layer: keyof typeof WHO_WIDTH, who: string, what: string): string =>
  `${who.padEnd(WHO_WIDTH[layer])}${what}`;

/** `n1  > n2 heartbeat term=1 commitIndex=4 readRound=0`. */
export const sent = (layer: keyof typeof WHO_WIDTH, message: Message, fate = ''): string =>
  did(layer, message.from, `> ${message.to} ${messageWords(message)}${fate === '' ? '' : `  (${fate})`}`);

/** The event in the words of `logs`, without when, where and how grave. */
export function eventWords({ event, fields }: Pick<DiagnosticEvent, 'event' | 'fields'>): string {
  const whole = {
    node: 'supervisor',
    component: '',
    event,
    fields,
    wall: 0,
    time: 0,
    instance: '',
    sequence: 0,
  } as const;
  const line = renderEvent({ ...whole, level: 'info' });
  return line.slice(line.indexOf(event));
}

/** The message in the words of message.ts; positions of the log as index/term. */
const messageWords = (message: Message): string => eventWords({ event: message.type, fields: fieldsOf(message) });

function fieldsOf(message: Message): Fields {
  const { term } = message;
  switch (message.type) {
    case 'request-vote':
      return {
        term,
        preVote: message.preVote,
        last: `${message.lastLogIndex}/${message.lastLogTerm}`,
        transfer: message.transfer || undefined,
      };
    case 'request-vote-response':
      return { term, preVote: message.preVote, granted: message.granted, sticky: message.sticky || undefined };
    case 'append-entries': {
      const { prevLogIndex, prevLogTerm, entries, leaderCommit } = message;
      return { term, prev: `${prevLogIndex}/${prevLogTerm}`, entries: rangeWords(entries), leaderCommit };
    }
    case 'append-entries-response': {
      const { success, index, hintIndex, hintTerm } = message;
      return { term, success, index, hint: success ? undefined : `${hintIndex}/${hintTerm}` };
    }
    case 'heartbeat':
      return { term, commitIndex: message.commitIndex, readRound: message.readRound };
    case 'heartbeat-response':
      return { term, readRound: message.readRound };
    case 'timeout-now':
      return { term };
    // Ids start at random.
    case 'read-index':
      return { term };
    case 'read-index-response':
      return { term, index: message.index };
    default:
      return unreachable(message);
  }
}

/** `4/2`, or `4/2..7/3` for several. */
function rangeWords(entries: readonly Pick<Entry, 'index' | 'term'>[]): string {
  if (entries.length === 0) return 'none';
  const [first, last] = [entries[0]!, entries.at(-1)!].map(({ index, term }) => `${index}/${term}`);
  return first === last ? first! : `${first}..${last}`;
}
