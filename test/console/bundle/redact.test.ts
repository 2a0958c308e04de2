import { describe, expect, it } from 'vitest';
import {
  HistoryNames,
  redactDocument,
  redactEvent,
  redactLogLine,
  withoutQuoted,
} from '../../../src/console/bundle/redact.js';
import { type DiagnosticEvent, renderEvent } from '../../../src/diagnostics/index.js';
import { checkHistory } from '../../../src/verify/checker/index.js';
import { parseHistory } from '../../../src/verify/history/index.js';
import { stillClock } from '../../verify/checker/story.js';

const event = (name: string, fields: DiagnosticEvent['fields']): DiagnosticEvent => ({
  node: 'supervisor',
  instance: 'i',
  sequence: 1,
  component: 'kv',
  level: 'info',
  event: name,
  fields,
  wall: 1_700_000_000_123,
  time: 1,
});

/** What the store says of a key that is damaged on the disk. */
const damaged = (key: string) =>
  `/data/node-01/kv/1: what is stored under the key ${JSON.stringify(key)} does not match its checksum`;

const KEYS = ['secret-key', `it's "quoted" twice`, 'a"b', "a' b", 'line\nend', '\\"'];

describe('what is left out of a bundle', () => {
  it('is whatever a message has in quotes, whatever quotes that has in it', () => {
    for (const key of KEYS) {
      expect(withoutQuoted(damaged(key))).toBe(
        '/data/node-01/kv/1: what is stored under the key "…" does not match its checksum',
      );
    }
    expect(withoutQuoted("'a' is no 'b'")).toBe("'…'");
    expect(withoutQuoted("the node's log, and the leader's")).toBe("the node's log, and the leader's");
  });

  it('is the same in a line of a log, whether it is an event or what a process said when it died', () => {
    for (const key of KEYS) {
      const line = renderEvent(event('state-flush-failed', { index: 7, error: damaged(key) }));
      const redacted = redactLogLine(line);
      expect(redacted).toMatch(
        /state-flush-failed index=7 error=".*under the key \\"…\\" does not match its checksum"$/,
      );
      expect(redactLogLine(`error data-damaged: ${damaged(key)}`)).toMatch(
        /^error data-damaged: .*the key "…" does not/,
      );
    }
    const plain = '17:31:08.318 info  node-01 node node-listening host=127.0.0.1 port=24831';
    expect(redactLogLine(plain)).toBe(plain);
    const reason = '17:31:08.318 warn  node-01 transport link-broken peer=node-02 reason="the other side closed it"';
    expect(redactLogLine(reason)).toBe(reason);
  });

  it('is, of events, what was typed about data, searched for, or quoted', () => {
    const withoutKeys = (line: string) => `${line.split(' ')[0]} …`;
    const told = (name: string, fields: DiagnosticEvent['fields']) =>
      redactEvent(event(name, fields), withoutKeys).fields;
    expect(told('command', { line: 'put secret-key …', console: 'pid 1' })).toEqual({
      line: 'put …',
      console: 'pid 1',
    });
    expect(told('pattern-too-slow', { pattern: '(secret+)+' })).toEqual({ pattern: '…' });
    expect(told('process-failed', { node: 'node-01', lastLine: `error x: ${damaged('k')}` })['lastLine']).not.toContain(
      '"k"',
    );
    expect(told('role-changed', { from: 'follower', to: 'leader', term: 7 })).toEqual({
      from: 'follower',
      to: 'leader',
      term: 7,
    });
  });

  it('is looked for in every part of a document', () => {
    expect(redactDocument({ nodes: [{ refusal: damaged('k'), term: 7, pid: null }] })).toEqual({
      nodes: [{ refusal: damaged('…'), term: 7, pid: null }],
    });
  });

  it('has names in a history, the same for the same, so that the verdict stays', () => {
    const lines = [
      '{"client":"c1","op":"put","key":"secret-key","value":"secret-1","call_ns":"10","return_ns":"20","ok":true,"revision":2,"note":"secret"}',
      '{"client":"c2","op":"cas","key":"secret-key","expected":"secret-1","value":"secret-2","call_ns":"30","return_ns":"40","ok":true,"output":true}',
      '{"client":"c1","op":"get","key":"secret-key","call_ns":"50","return_ns":"60","ok":true,"output":"secret-1"}',
      '{"client":"c1","op":"get","key":"other","call_ns":"50","return_ns":"60","ok":true,"output":null}',
      'secret that is no JSON',
    ];
    const names = new HistoryNames();
    const redacted = lines.map((line) => names.redact(line)).filter((line) => line !== '');
    expect(redacted.join('\n')).not.toContain('secret');
    expect(redacted[1]).toContain('"key":"key-1"');
    expect(redacted[1]).toContain('"value":"value-2","expected":"value-1","output":true');
    expect(redacted[3]).toContain('"key":"key-2"');
    const verdict = checkHistory(parseHistory(redacted), { clock: stillClock });
    expect(verdict).toMatchObject({ verdict: 'violation', operations: 4 });
  });
});
