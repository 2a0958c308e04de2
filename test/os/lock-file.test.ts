import { fork, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RaftctlError } from '../../src/base/index.js';
import { acquireLock } from '../../src/os/lock-file.js';
import { identityOf, ownIdentity, type ProcessIdentity } from '../../src/os/process-identity.js';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'raftctl-lock-'));
  file = join(directory, 'cluster.lock');
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const lockOf = (process: ProcessIdentity, purpose = 'raftctl up'): string =>
  `${JSON.stringify({ process, purpose, serial: 1 })}\n`;

/** The identity of a process that has ended. */
async function deadProcess(): Promise<ProcessIdentity> {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  await once(child, 'spawn');
  const identity = identityOf(child.pid!)!;
  child.kill('SIGKILL');
  await once(child, 'exit');
  return identity;
}

function refusal(run: () => unknown): RaftctlError {
  try {
    run();
  } catch (error) {
    return error as RaftctlError;
  }
  throw new Error('expected a refusal');
}

describe('a lock', () => {
  it('is taken, given up, and taken again, and leaves nothing behind', () => {
    for (let round = 0; round < 3; round += 1) {
      const lock = acquireLock(file, 'raftctl up');
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ process: ownIdentity(), purpose: 'raftctl up' });
      expect(readdirSync(directory)).toEqual(['cluster.lock']);
      lock.release();
      lock.release();
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  it('of a living process is refused, naming the holder and the file', async () => {
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
    const holder = identityOf(child.pid!)!;
    writeFileSync(file, lockOf(holder, 'raftctl node node-01'));
    const error = refusal(() => acquireLock(file, 'raftctl up'));
    expect(error.code).toBe('data-locked');
    expect(error.message).toContain(`${file} is held by pid ${child.pid} (raftctl node node-01;`);
    expect(error.message).toContain(holder.startTime);
    expect(error.message).toContain(holder.bootId);
    expect(error.hint).toBe(`stop pid ${child.pid} first`);
    expect(readFileSync(file, 'utf8')).toBe(lockOf(holder, 'raftctl node node-01'));
    child.kill('SIGKILL');
    await once(child, 'exit');
    acquireLock(file, 'raftctl up').release();
  });

  it('is refused to the process that holds it', () => {
    const lock = acquireLock(file, 'first');
    expect(refusal(() => acquireLock(file, 'second')).message).toContain('(first;');
    lock.release();
  });

  describe('of a living process, in a directory that', () => {
    let copy: string;

    beforeEach(() => {
      copy = join(mkdtempSync(join(tmpdir(), 'raftctl-lock-')), 'copy');
    });

    afterEach(() => {
      rmSync(dirname(copy), { recursive: true, force: true });
    });

    it('is a copy of the one it holds, is none: the copy is taken, the original still refused', () => {
      const lock = acquireLock(file, 'the original');
      cpSync(directory, copy, { recursive: true });
      const second = acquireLock(join(copy, 'cluster.lock'), 'the copy');
      expect(refusal(() => acquireLock(file, 'another')).message).toContain('(the original;');
      expect(refusal(() => acquireLock(join(copy, 'cluster.lock'), 'another')).message).toContain('(the copy;');
      lock.release();
      second.release();
      expect([readdirSync(directory), readdirSync(copy)]).toEqual([[], []]);
    });

    it('was moved, is refused: the holder has it still', () => {
      acquireLock(file, 'the original');
      renameSync(directory, copy);
      expect(refusal(() => acquireLock(join(copy, 'cluster.lock'), 'another')).message).toContain('(the original;');
    });

    it('was moved after it was copied, is refused in both: which is which cannot be told', () => {
      acquireLock(file, 'the original');
      cpSync(directory, copy, { recursive: true });
      renameSync(directory, `${copy}-moved`);
      for (const one of [copy, `${copy}-moved`]) {
        expect(refusal(() => acquireLock(join(one, 'cluster.lock'), 'another')).code).toBe('data-locked');
      }
    });

    it('has another name, is refused', () => {
      acquireLock(file, 'the original');
      symlinkSync(directory, copy);
      expect(refusal(() => acquireLock(join(copy, 'cluster.lock'), 'another')).code).toBe('data-locked');
    });

    it('replaced the one it holds, is refused: it may still work there', () => {
      acquireLock(file, 'the original');
      cpSync(directory, copy, { recursive: true });
      rmSync(directory, { recursive: true });
      renameSync(copy, directory);
      expect(refusal(() => acquireLock(file, 'another')).code).toBe('data-locked');
    });
  });

  it('of a dead process is broken', async () => {
    writeFileSync(file, lockOf(await deadProcess()));
    acquireLock(file, 'raftctl up');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ process: ownIdentity() });
    expect(readdirSync(directory)).toEqual(['cluster.lock']);
  });

  it('of a dead process is broken although a stranger has its pid now', () => {
    writeFileSync(file, lockOf({ ...ownIdentity(), startTime: '1' }));
    acquireLock(file, 'raftctl up').release();
    writeFileSync(file, lockOf({ ...ownIdentity(), bootId: 'the boot before' }));
    acquireLock(file, 'raftctl up').release();
  });

  it.each(['', 'garbage', '{"process": 7}', '\0\0\0\0'])('that a power cut left as %j is broken', (content) => {
    writeFileSync(file, content);
    acquireLock(file, 'raftctl up').release();
  });

  it('whose breaker died in the middle is broken all the same', async () => {
    const stale = lockOf(await deadProcess());
    writeFileSync(file, stale);
    const token = createHash('sha256').update(stale).digest('hex').slice(0, 16);
    writeFileSync(`${file}.break-${token}`, lockOf(await deadProcess()));
    acquireLock(file, 'raftctl up');
    expect(readdirSync(directory)).toEqual(['cluster.lock']);
  });

  it('that is being broken by a living process is not taken from it', async () => {
    const stale = lockOf(await deadProcess());
    writeFileSync(file, stale);
    const token = createHash('sha256').update(stale).digest('hex').slice(0, 16);
    writeFileSync(`${file}.break-${token}`, lockOf(ownIdentity(), 'the breaker'));
    expect(refusal(() => acquireLock(file, 'raftctl up')).message).toMatch(`${file} is held by pid ${process.pid}`);
    expect(readFileSync(file, 'utf8')).toBe(stale);
  });

  it('rids its place of what those left who were killed while they took it', async () => {
    const { pid, startTime } = await deadProcess();
    writeFileSync(`${file}.${pid}-${startTime}-1`, 'the private file of a contender');
    // A stranger that has its pid now is not it.
    writeFileSync(`${file}.${process.pid}-1-1`, 'likewise');
    writeFileSync(`${file}.break-0123456789abcdef`, lockOf(await deadProcess()));
    const living = [
      `${file}.${process.pid}-${ownIdentity().startTime.replaceAll(/\W/g, '')}-999`,
      `${file}.break-fedcba9876543210`,
      `${file}.backup`,
    ];
    for (const path of living) writeFileSync(path, lockOf(ownIdentity()));
    acquireLock(file, 'raftctl up').release();
    expect(readdirSync(directory).map((name) => join(directory, name))).toEqual(living.sort());
  });

  it('in a directory that does not exist says so', () => {
    const error = refusal(() => acquireLock(join(directory, 'none', 'lock'), 'raftctl up'));
    expect(error.code).toBe('data-unreadable');
    expect(error.message).toContain(join(directory, 'none', 'lock'));
  });

  it('released after it was taken away leaves the new holder’s alone', () => {
    const lock = acquireLock(file, 'raftctl up');
    writeFileSync(file, 'somebody else');
    lock.release();
    expect(existsSync(file)).toBe(true);
  });
});

describe('contenders', { timeout: 30_000 }, () => {
  /** A program that tries to take the lock when told, says how it went, and keeps it until its channel closes. */
  function contenderProgram(): string {
    const program = join(directory, 'contender.mjs');
    const contents = `
      import { acquireLock } from './src/os/lock-file.ts';
      process.on('message', () => {
        let outcome;
        try { acquireLock(process.argv[2], 'contender'); outcome = 'held'; } catch (error) { outcome = error.code; }
        process.send(outcome);
      });
      process.on('disconnect', () => process.exit());
      process.send('ready');
    `;
    buildSync({
      stdin: { contents, resolveDir: process.cwd() },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: program,
    });
    return program;
  }

  it('for a free lock and for a stale one: exactly one gets it', async () => {
    const program = contenderProgram();
    for (const stale of [false, true]) {
      if (stale) writeFileSync(file, lockOf(await deadProcess()));
      else rmSync(file, { force: true });
      const contenders = Array.from({ length: 5 }, () => fork(program, [file]));
      await Promise.all(contenders.map((child) => once(child, 'message')));
      const outcomes = contenders.map((child) => once(child, 'message'));
      for (const child of contenders) child.send('go');
      const said = (await Promise.all(outcomes)).map(([outcome]) => outcome as string);
      const exits = contenders.map((child) => once(child, 'exit'));
      for (const child of contenders) child.disconnect();
      await Promise.all(exits);
      expect(said.sort()).toEqual(['data-locked', 'data-locked', 'data-locked', 'data-locked', 'held']);
    }
  });
});
