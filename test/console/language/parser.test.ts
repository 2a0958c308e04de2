import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TABLE } from '../../../src/console/commands/index.js';
import { type Action, literalOf, parseScript, type Script, ScriptError } from '../../../src/console/language/index.js';

const check: Parameters<typeof parseScript>[1]['check'] = (call) => TABLE.check(call, 'script');
const parse = (text: string, files: Readonly<Record<string, string>> = {}): Script =>
  parseScript(
    { file: 'a.raft', text },
    {
      check,
      environment: { HOME: '/home/me' },
      load: (file, _from, span) => {
        const found = files[file];
        if (found === undefined) throw new ScriptError(span, `${file}: there is no such file`);
        return { file, text: found };
      },
    },
  );

const failure = (text: string, files: Readonly<Record<string, string>> = {}): string => {
  try {
    parse(text, files);
  } catch (error) {
    if (error instanceof ScriptError) return error.message;
    throw error;
  }
  throw new Error('the script was accepted');
};

const firstLine = (text: string): string => failure(text).split('\n', 1)[0]!;

const onlyAction = (text: string): Action => {
  const [statement] = parse(text).statements;
  if (statement?.type !== 'action') throw new Error(`expected an action, got ${statement?.type}`);
  return statement.action;
};

describe('a script', () => {
  it('is a list of statements between semicolons and line ends', () => {
    const { statements } = parse(
      'test "one"; put a 1\n\nset k a ; let old = leader # why\ncleanup do\n  heal-nothing\nend'.replace(
        'heal-nothing',
        'leader',
      ),
    );
    expect(statements.map((statement) => statement.type)).toEqual(['test', 'action', 'set', 'let', 'cleanup']);
  });

  it('nests within, repeat and blocks', () => {
    const action = onlyAction('within 2s every 100ms repeat 3 as i do\n put k${i} v; get k${i} => v\nend');
    expect(action).toMatchObject({
      type: 'within',
      boundMs: 2_000,
      everyMs: 100,
      body: { type: 'repeat', times: 3, as: 'i', everyMs: null, body: { type: 'block', statements: { length: 2 } } },
    });
  });

  it('knows must-fail, background names and matchers', () => {
    expect(onlyAction('! get a --exists')).toMatchObject({ type: 'command', negated: true, matchers: [] });
    expect(onlyAction('run sleep 1 &nap')).toMatchObject({ job: 'nap', call: { words: { length: 3 } } });
    expect(onlyAction('status node-02 => .role == follower, .lag <= 3, took < 1s, ok')).toMatchObject({
      matchers: [
        { type: 'value', path: ['role'], operator: '==' },
        { type: 'value', path: ['lag'], operator: '<=' },
        { type: 'took', operator: '<', ms: 1_000 },
        { type: 'ok' },
      ],
    });
  });

  it('compares with a value that is quoted, even if it is a keyword', () => {
    expect(onlyAction('get a => nil')).toMatchObject({ matchers: [{ type: 'nil' }] });
    expect(onlyAction('get a => "nil"')).toMatchObject({ matchers: [{ type: 'value', operator: '==' }] });
    expect(onlyAction('get a => error no-leader')).toMatchObject({ matchers: [{ type: 'error', code: 'no-leader' }] });
    expect(onlyAction('get a => error =~ "lead.*"')).toMatchObject({ matchers: [{ type: 'error', code: null }] });
  });

  it('takes sourced files in, with the names they set', () => {
    const script = parse('source b.raft\nget ${k}', { 'b.raft': 'set k key-01' });
    expect(script.statements[0]).toMatchObject({
      type: 'action',
      action: { type: 'source', script: { statements: { length: 1 } } },
    });
  });

  it('keeps the words of a foreign program as they are', () => {
    const action = onlyAction('run node app.js --exists -x => .exit == 0');
    expect(action.type === 'command' && action.call.words.map(literalOf)).toEqual([
      'run',
      'node',
      'app.js',
      '--exists',
      '-x',
    ]);
  });
});

describe('a script that is wrong', () => {
  it('is refused with a caret under the place', () => {
    expect(failure('test "x"\n  get key --vai node-01')).toBe(
      'a.raft:2:11 get has no option --vai; did you mean --via?\n    get key --vai node-01\n            ^^^^^',
    );
  });

  it.each([
    ['frobnicate', "a.raft:1:1 unknown command 'frobnicate'"],
    ['stats', "a.raft:1:1 unknown command 'stats'; did you mean status?"],
    ['wait leder', "a.raft:1:6 wait has no 'leder': expected leader, node, event, job; did you mean wait leader?"],
    ['put a', 'a.raft:1:5 put needs VALUE'],
    ['get a b', "a.raft:1:7 get takes no more arguments than 1, got 'b'"],
    ['get a --read fresh', "a.raft:1:14 --read: expected linearizable or stale, got 'fresh'"],
    [
      'wait leader --timeout soon',
      "a.raft:1:23 --timeout: expected a duration such as 250ms, 3s or 1m, at most 500h, got 'soon'",
    ],
    [
      'logs level trcae',
      "a.raft:1:12 LEVEL: expected error, warn, info, debug, trace; did you mean trace?, got 'trcae'",
    ],
    ['get ${olld}', "a.raft:1:5 nothing has set 'olld' before this line"],
    ['set old 1; get ${olld}', "a.raft:1:16 nothing has set 'olld' before this line; did you mean ${old}?"],
    ['get ${env:NOPE}', 'a.raft:1:5 the environment has no variable NOPE'],
    ['within soon get a', 'a.raft:1:8 expected a duration after within such as 250ms, 3s or 1m'],
    ['repeat x get a', "a.raft:1:8 expected a number of times, got 'x'"],
    ['set timeout soon', "a.raft:1:13 set timeout: expected a duration such as 10s, got 'soon'"],
    ['let x leader', "a.raft:1:7 expected '=' after let x, got 'leader'"],
    ['get a => ', 'a.raft:1:10 expected a value, got the end of the input'],
    ['get a =>1', "a.raft:1:7 expected a blank after '=>'"],
    ['get a => >=1', "a.raft:1:10 expected a blank after '>='"],
    ['get a => error oops', "a.raft:1:16 'oops' is no error code"],
    ['get a => =~ "("', 'a.raft:1:13 not a regular expression'],
    ['get a => one two', "a.raft:1:14 expected ',' or the end of the statement, got 'two'"],
    ['get a => took 5', "a.raft:1:15 expected < <= > >= == or != after took, got '5'"],
    ['get a &', "a.raft:1:7 expected a name after &, got '&'"],
    ['within 1s do\nget a', 'a.raft:1:11 do without end'],
    ['end', 'a.raft:1:1 end without do'],
    ['within 1s do\ntest "x"\nend', 'a.raft:2:1 test cannot stand inside do … end'],
    ['test "x"\ntest "x"', "a.raft:2:6 there is a case 'x' already: names tell cases apart"],
    ['clear', 'a.raft:1:1 clear is not possible here'],
    ['source missing.raft', 'a.raft:1:8 missing.raft: there is no such file'],
  ])('%s', (text, expected) => {
    expect(firstLine(text).slice(0, expected.length)).toBe(expected);
  });

  it('names the way by which a file sources itself', () => {
    const files = { 'b.raft': 'source a.raft', 'a.raft': '' };
    expect(failure('source b.raft', files)).toContain('b.raft:1:8 a.raft sources itself: a.raft -> b.raft -> a.raft');
  });

  it('is refused for what a sourced file says, with that file’s place', () => {
    expect(failure('source b.raft', { 'b.raft': 'get a\ngte a' })).toContain(
      "b.raft:2:1 unknown command 'gte'; did you mean get?",
    );
  });

  it('only lacks lines while a block is open', () => {
    expect(() => parse('within 1s do')).toThrow(expect.objectContaining({ incomplete: true }));
    expect(() => parse('end')).toThrow(expect.objectContaining({ incomplete: false }));
  });
});

describe('whatever is thrown at the parser', () => {
  const fragments = fc.constantFrom(
    'get', 'put', 'a', '"b c"', "'d", '${x}', '${', '=>', 'ok', 'error', '==', ',', ';', '\n', ' ', '\\\n', '\\', '#', 'within', '1s',
    'repeat', '3', 'as', 'do', 'end', 'let', 'x', '=', 'set', 'test', 'cleanup', 'source', 'b.raft', '!', '&j', '.term', '>=', 'took', '"\\xff"',
  ); // biome-ignore format: a bag of words
  const texts = fc.oneof(
    fc.array(fragments, { maxLength: 25 }).map((parts) => parts.join(' ')),
    fc.string({ unit: 'binary', maxLength: 60 }),
  );

  it('is parsed or refused with a place, never anything else', () => {
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parse(text, { 'b.raft': 'get a' });
        } catch (error) {
          if (!(error instanceof ScriptError)) throw error;
          expect(error.message).toMatch(/^(?:a|b)\.raft:\d+:\d+ /);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not exhaust the stack, however deep it nests', () => {
    expect(firstLine(`${'within 1s '.repeat(20_000)}leader`)).toContain('nested more than 50 deep');
  });
});
