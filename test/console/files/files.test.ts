import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  HISTORY_LINES,
  HistoryFile,
  readAll,
  readScript,
  readSourced,
  stateDirectory,
  TemporaryDirectory,
  writeNewFile,
} from '../../../src/console/files/index.js';
import { parseScript } from '../../../src/console/language/index.js';
import { temporaryFolder } from '../temporary.js';

describe('the history', () => {
  it('keeps the last lines only, and shortens the file when it is opened', () => {
    const file = join(temporaryFolder(), 'history');
    writeFileSync(file, Array.from({ length: HISTORY_LINES + 10 }, (_, nth) => `line ${nth}\n`).join(''), {
      mode: 0o644,
    });
    const history = new HistoryFile(file);
    expect(history.lines).toHaveLength(HISTORY_LINES);
    expect(history.lines[0]).toBe('line 10');
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(HISTORY_LINES + 1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('does not keep a repeated line, an empty one, or one that begins with a blank', () => {
    const file = join(temporaryFolder(), 'deep', 'history');
    const history = new HistoryFile(file);
    for (const line of ['a', 'a', '', ' secret', 'b']) history.add(line);
    expect(history.lines).toEqual(['a', 'b']);
    expect(readFileSync(file, 'utf8')).toBe('a\nb\n');
  });

  it('lasts as long as the prompt where it cannot be written', () => {
    const file = join(temporaryFolder(), 'occupied');
    mkdirSync(file);
    const history = new HistoryFile(file);
    history.add('a');
    expect(history.lines).toEqual(['a']);
  });

  it('lies in XDG_STATE_HOME, if that is an absolute path', () => {
    expect(stateDirectory({ XDG_STATE_HOME: '/state' })).toBe('/state/raftctl');
    expect(stateDirectory({ XDG_STATE_HOME: 'relative' })).toMatch(/\.local\/state\/raftctl$/);
  });
});

describe('script files', () => {
  it('name what is wrong with them', () => {
    expect(() => readScript('/no/such/file.raft')).toThrow('/no/such/file.raft: there is no such file');
    expect(() => readScript('/')).toThrow('/: it is a directory');
  });

  it('are sourced relative to the file that names them', () => {
    const directory = temporaryFolder();
    mkdirSync(join(directory, 'parts'));
    writeFileSync(join(directory, 'parts', 'setup.raft'), 'set a 1');
    const parse = (text: string) =>
      parseScript({ file: join(directory, 'main.raft'), text }, { check: () => {}, load: readSourced });
    expect(parse('source parts/setup.raft').statements).toHaveLength(1);
    expect(() => parse('source nope.raft')).toThrow(/main\.raft:1:8 .*nope\.raft: there is no such file/);
  });
});

it('standard input is read to its end', async () => {
  expect((await readAll(Readable.from([Buffer.from('a'), 'b']))).toString()).toBe('ab');
});

it('a temporary directory is made when asked for, and gone afterwards', () => {
  const directory = new TemporaryDirectory();
  const { path } = directory;
  expect(existsSync(path)).toBe(true);
  directory.remove();
  expect(existsSync(path)).toBe(false);
});

it('a new file never replaces one that is there', () => {
  const file = join(temporaryFolder(), 'cluster.yaml');
  writeNewFile(file, 'one');
  expect(() => writeNewFile(file, 'two')).toThrow(`${file}: there is such a file already`);
  expect(readFileSync(file, 'utf8')).toBe('one');
});
