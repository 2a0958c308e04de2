import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RaftctlError } from '../../../src/base/index.js';
import { TABLE } from '../../../src/console/commands/index.js';
import { type CompletionContext, complete, hintFor } from '../../../src/console/prompt/index.js';

const context: CompletionContext = {
  table: TABLE,
  origin: 'prompt',
  nodes: ['node-01', 'node-02'],
  keys: ['key-01', 'key-02'],
  marks: ['killed'],
  jobs: ['load'],
  variables: ['old'],
};

/** What is offered at the bar. */
const offers = (line: string): readonly string[] => {
  const cursor = line.indexOf('|');
  return complete(line.replace('|', ''), cursor, context).candidates;
};

describe('completion', () => {
  it.each([
    ['ge|', ['get']],
    ['st|', ['start', 'stat', 'status', 'stop']],
    ['exi|', ['exit']],
    ['wait |', ['event', 'job', 'leader', 'node']],
    ['logs lev|', ['level']],
    ['kill le|', ['leader']],
    ['kill n|', ['node-01', 'node-02']],
    ['kill node-01 r|', ['random', 'running']],
    ['get k|', ['key-01', 'key-02']],
    ['isolate node-01 --c|', ['--clients']],
    ['partition node-01,n|', ['node-01,node-02']],
    ['partition node-01,node-02 f|', ['follower', 'followers']],
    ['cut n|', ['node-01->', 'node-02->']],
    ['cut node-01->n|', ['node-01->node-02']],
    ['cut node-01->le|', ['node-01->leader']],
    ['disk node-01 |', ['failing', 'full', 'slow']],
    ['heal n|', ['node-01', 'node-02']],
    ['get key-01 --|', ['--base64', '--exists', '--hex', '--output', '--read', '--timeout', '--via']],
    ['get key-01 --via l|', ['leader']],
    ['get key-01 --read |', ['linearizable', 'stale']],
    ['get --exists --ex|', []],
    ['logs level t|', ['trace']],
    ['count events ki|', ['kind=']],
    ['wait event kind=process-f|', ['kind=process-failed']],
    ['count events kind=x --since k|', ['killed']],
    ['wait job |', ['load']],
    ['explain la|', ['last']],
    ['explain n|', ['node-01', 'node-02']],
    ['explain --since k|', ['killed']],
    ['help wa|', ['wait', 'watch']],
    ['put a 1; ge|', ['get']],
    ['within 2s every 1s ge|', ['get']],
    ['repeat 3 as i every 1s ge|', ['get']],
    ['let x = lea|', ['leader']],
    ['! kil|', ['kill']],
    ['get a => n|', ['nil']],
    ['kill ${o|', ['${old}']],
    ['ge|t a', ['get']],
    ['get|', ['get']],
    ['put key-01 |', []],
    ['frobnicate |', []],
  ])('%s', (line, expected) => {
    expect(offers(line)).toEqual(expected);
  });

  it('offers nothing that this cluster refuses', () => {
    const refused = new Set(['stop', 'start', 'wait event', 'wait node']);
    const refuses: NonNullable<CompletionContext['refuses']> = ({ name }) =>
      refused.has(name) ? new RaftctlError('usage', 'not here') : undefined;
    const offered = (line: string) => complete(line, line.length, { ...context, refuses }).candidates;
    expect(offered('st')).toEqual(['stat', 'status', 'stop']);
    expect(offered('star')).toEqual([]);
    expect(offered('stop ')).toEqual(['job']);
    expect(offered('wait ')).toEqual(['job', 'leader']);
  });

  it('is a function of whatever is typed, and only offers what goes on from there', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), fc.nat(30), (line, cursor) => {
        const { candidates, word } = complete(line, cursor, context);
        expect(candidates.every((candidate) => candidate.startsWith(word))).toBe(true);
      }),
    );
  });
});

describe('the hint', () => {
  it.each([
    ['put ', 'KEY VALUE'],
    ['put a ', 'VALUE'],
    ['put a b ', ''],
    ['put a', ''],
    ['status ', '[NODE]'],
    ['get a --via ', 'NODE'],
    ['wait leader --not ', 'NODE'],
    ['', ''],
  ])('after "%s" is "%s"', (line, hint) => {
    expect(hintFor(line, context)).toBe(hint);
  });
});
