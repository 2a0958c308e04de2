import { describe, expect, it } from 'vitest';
import { asNodeId } from '../../src/base/index.js';
import {
  compileFilter,
  DEFAULT_EXCLUDE,
  type DiagnosticEvent,
  EVENTS,
  type EventFilter,
  matches,
  parseFilter,
  renderEvent,
} from '../../src/diagnostics/index.js';

const base: DiagnosticEvent = {
  node: asNodeId('node-02'),
  instance: 'i1',
  sequence: 1,
  component: 'raft',
  level: 'info',
  event: 'role-changed',
  fields: { from: 'candidate', to: 'leader', term: 7 },
  wall: 1_700_000_000_123,
  time: 5_000,
};
const event = (change: Partial<DiagnosticEvent> = {}): DiagnosticEvent => ({ ...base, ...change });

describe('parseFilter', () => {
  it('reads kind, node, component and level as parts of the event and the rest as fields', () => {
    expect(parseFilter(['kind=role-changed', 'to=leader', 'node=node-01,node-02', 'level=debug'])).toEqual({
      event: 'role-changed',
      fields: { to: 'leader' },
      nodes: ['node-01', 'node-02'],
      level: 'debug',
    });
  });

  it('takes everything after the first equals sign as the value', () => {
    expect(parseFilter(['error=a=b'])).toEqual({ fields: { error: 'a=b' } });
  });

  it.each([['leader'], ['=leader'], ['']])('refuses %j, saying what it expected', (word) => {
    expect(() => parseFilter([word])).toThrow(/expected key=value/);
  });

  it('refuses an unknown level, naming those there are', () => {
    expect(() => parseFilter(['level=loud'])).toThrow("unknown level 'loud': expected one of error, warn, info");
  });
});

describe('a filter', () => {
  const cases: [string, EventFilter, boolean][] = [
    ['without any condition', {}, true],
    ['for this level', { level: 'info' }, true],
    ['for a more severe level', { level: 'warn' }, false],
    ['for this node', { nodes: ['node-01', 'node-02'] }, true],
    ['for another node', { nodes: ['node-01'] }, false],
    ['for this component', { components: ['raft'] }, true],
    ['for another component', { components: ['kv'] }, false],
    ['for this name', { event: 'role-changed' }, true],
    ['for another name', { event: 'role' }, false],
    ['for a text field', { fields: { to: 'leader' } }, true],
    ['for a number field', { fields: { term: '7' } }, true],
    ['for a field it lacks', { fields: { peer: 'node-01' } }, false],
    ['including what the line says, case ignored', { include: ['ROLE-changed'] }, true],
    ['including what one of several patterns finds', { include: ['snapshot', 'leader'] }, true],
    ['including what the line does not say', { include: ['snapshot'] }, false],
    ['excluding what the line says', { exclude: ['term=7'] }, false],
    ['excluding and including it', { include: ['role'], exclude: ['leader'] }, false],
    ['since before', { sinceTime: 4_999 }, true],
    ['since later', { sinceTime: 5_001 }, false],
  ];
  it.each(cases)('%s', (_, filter, expected) => {
    expect(matches(filter, event())).toBe(expected);
  });

  it('for a node also finds what the supervisor says about that node', () => {
    const exited = event({ node: 'supervisor', event: 'process-exited', fields: { node: 'node-03', code: 1 } });
    expect(matches({ nodes: ['node-03'] }, exited)).toBe(true);
    expect(matches({ nodes: ['node-02'] }, exited)).toBe(false);
  });

  it('names the pattern that is not a regular expression', () => {
    expect(() => compileFilter({ include: ['('] })).toThrow(/'\(' is not a regular expression/);
  });
});

describe('the default exclusion', () => {
  it('hides heartbeats and pings and no other documented event', () => {
    const kept = compileFilter({ exclude: DEFAULT_EXCLUDE });
    const hidden = Object.keys(EVENTS).filter((name) => !kept(event({ event: name, fields: {} })));
    expect(hidden).toEqual(['heartbeat-sent']);
    expect(kept(event({ event: 'ping-sent', fields: {} }))).toBe(false);
  });

  it('leaves a process that is stopping in sight, though the word contains ping', () => {
    const stopping = event({ event: 'process-state-changed', fields: { from: 'running', to: 'stopping' } });
    expect(matches({ exclude: DEFAULT_EXCLUDE }, stopping)).toBe(true);
    expect(matches({ exclude: ['.*ping'] }, stopping)).toBe(false);
  });
});

describe('renderEvent', () => {
  const text = (change: Partial<DiagnosticEvent> = {}) => renderEvent(event(change)).replace(/^\d\d:\d\d:\d\d/, 'T');

  it('is one line: time, level, node, component, name, fields', () => {
    expect(text()).toBe('T.123 info  node-02 raft role-changed from=candidate to=leader term=7');
  });

  it('tells the local time of day', () => {
    expect(renderEvent(event()).slice(0, 8)).toBe(new Date(base.wall).toTimeString().slice(0, 8));
  });

  it('quotes what could be misread and leaves out what is undefined', () => {
    const fields = { error: 'said "no" twice', empty: '', absent: undefined, nothing: null, pre: false, ms: 38.123456 };
    expect(text({ fields })).toBe(
      'T.123 info  node-02 raft role-changed error="said \\"no\\" twice" empty="" nothing=null pre=false ms=38.123',
    );
  });

  it('lets no control sequence and no second line through', () => {
    const line = text({ fields: { value: '\u001b[2Jx\ny\u009b1m\u007f\u2028' } });
    expect(line).toMatch(/^[\x20-\x7e]+$/);
    expect(line).toContain('"\\u001b[2Jx\\ny\\u009b1m\\u007f\\u2028"');
  });
});
