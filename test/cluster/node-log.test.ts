import { closeSync, existsSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { NodeLog } from '../../src/cluster/node-log.js';
import { temporaryDirectory } from './temporary-directory.js';

function newLog(options: { maxFileBytes?: number; files?: number } = {}) {
  const directory = temporaryDirectory();
  const file = join(directory, 'node-01.log');
  return { directory, file, log: new NodeLog({ file, maxFileBytes: 10, files: 3, ...options }) };
}

/** As a process would: it has the descriptor open for as long as it lives. */
function openWriter(log: NodeLog) {
  const fd = log.open();
  onTestFinished(() => closeSync(fd));
  return (text: string) => void writeSync(fd, text);
}

const text = (file: string) => readFileSync(file, 'utf8');

describe('NodeLog', () => {
  it('keeps what earlier processes wrote, and tells the last lines of the current one', () => {
    const { log, file } = newLog({ maxFileBytes: 1_000 });
    openWriter(log)('first process\n');
    const write = openWriter(log);
    expect(log.tail(10)).toEqual([]);
    write('one\ntwo\n\nthree\nfour');
    expect(log.tail(3)).toEqual(['two', 'three', 'four']);
    expect(text(file)).toBe('first process\none\ntwo\n\nthree\nfour');
  });

  it('has no last lines when there is no file', () => {
    expect(newLog().log.tail(3)).toEqual([]);
  });

  it('sets a file over its bound aside before a start', () => {
    const { log, file } = newLog();
    openWriter(log)('more than ten bytes');
    const write = openWriter(log);
    write('new');
    expect([text(file), text(`${file}.1`)]).toEqual(['new', 'more than ten bytes']);
  });

  it('sets a file aside while a process writes to it, and the process goes on at the start', async () => {
    const { log, file } = newLog();
    const write = openWriter(log);
    write('more than ten bytes\n');
    expect(await log.rotate()).toBe(20);
    write('next\n');
    expect([text(file), text(`${file}.1`)]).toEqual(['next\n', 'more than ten bytes\n']);
    expect(log.tail(5)).toEqual(['next']);
  });

  it('leaves a file within its bound alone, and one that is not there', async () => {
    const { log, file } = newLog();
    expect(await log.rotate()).toBeUndefined();
    openWriter(log)('ten bytes.');
    expect(await log.rotate()).toBeUndefined();
    expect(existsSync(`${file}.1`)).toBe(false);
  });

  it('keeps so many files and no more, the newest first', async () => {
    const { log, directory, file } = newLog();
    const write = openWriter(log);
    for (let nth = 1; nth <= 6; nth++) {
      write(`generation ${nth}`);
      await log.rotate();
    }
    expect(readdirSync(directory).sort()).toEqual(['node-01.log', 'node-01.log.1', 'node-01.log.2', 'node-01.log.3']);
    expect([1, 2, 3].map((nth) => text(`${file}.${nth}`))).toEqual(['generation 6', 'generation 5', 'generation 4']);
  });

  it('loses no line that was written before it truncates, also in a large file', async () => {
    const { log, file } = newLog({ maxFileBytes: 100_000 });
    const write = openWriter(log);
    const lines = Array.from({ length: 20_000 }, (_, nth) => `line ${nth}`).join('\n');
    write(lines);
    const [first, second] = await Promise.all([log.rotate(), log.rotate()]);
    expect([first, second]).toEqual([lines.length, undefined]);
    expect(text(`${file}.1`)).toBe(lines);
    expect(text(file)).toBe('');
  });

  it('keeps one file aside when it is told to', async () => {
    const { log, file, directory } = newLog({ files: 1 });
    writeFileSync(`${file}.1`, 'old');
    openWriter(log)('more than ten bytes');
    await log.rotate();
    expect([readdirSync(directory).length, text(`${file}.1`)]).toEqual([2, 'more than ten bytes']);
  });
});
