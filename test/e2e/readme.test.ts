import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Workplace } from '../helpers/product.js';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The fenced blocks of a language, in order. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1]!);
}

/** What differs from run to run: who leads, pids, terms, times. */
const timeless = (line: string): string =>
  line
    .replace(/node-\d\d/g, 'NODE')
    .replace(/\d+(\.\d+)? (ms|s)\b/g, 'TIME')
    .replace(/\d+/g, 'N')
    .trimEnd();

const PROMPT = /^demo .*?> /;

describe('the README', () => {
  it('shows a transcript that the program still produces', async () => {
    const transcript = blocks('console')[0]!.trimEnd().split('\n');
    const commands = transcript.filter((line) => PROMPT.test(line)).map((line) => line.replace(PROMPT, ''));
    const answers = transcript
      .slice(transcript.findIndex((line) => PROMPT.test(line)))
      .filter((line) => !PROMPT.test(line));
    expect(commands.length).toBeGreaterThan(4);

    const place = await Workplace.create();
    writeFileSync(join(place.directory, 'cluster.yaml'), readFileSync(join(ROOT, 'cluster.yaml')));
    const up = place.start(['up', '--port-offset', String(place.portOffset)], { stdin: 'pipe' });
    await up.prints(/is leader, term/);
    for (const command of commands) up.type(`${command}\n`);
    const { code } = await up.finished;
    expect(code).toBe(0);
    const printed = up.output.split('\n').map(timeless);
    for (const answer of answers) expect(printed).toContain(timeless(answer));
  });

  it('has a script for `exec` that passes', async () => {
    const place = await Workplace.create();
    for (const block of blocks('sh')) {
      const script = /^raftctl exec -c '(.*)'$/m.exec(block)?.[1];
      if (script === undefined) continue;
      const { code, stdout, stderr } = await place.run('exec', '-c', script);
      expect(stderr).not.toMatch(/^error/m);
      expect([code, stdout]).toEqual([0, expect.stringContaining('hello')]);
    }
  });

  it('shows a script, and the report that it gives', async () => {
    const place = await Workplace.create();
    writeFileSync(join(place.directory, 'story.raft'), blocks('raft')[0]!);
    const { code, stdout } = await place.run('exec', 'story.raft');
    const reported = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/ +\([^)]*\)$/, ''));
    expect([code, reported(stdout)]).toEqual([0, reported(blocks('text')[0]!)]);
  });

  it('has a library example that runs', async () => {
    const place = await Workplace.create();
    await place.up();
    const example = blocks('js')[0]!.replace(/127\.0\.0\.1:333(\d)/g, (_, node) => place.endpoints[Number(node) - 1]!);
    // Inside the package, `raftctl` is the package itself.
    const directory = mkdtempSync(join(ROOT, 'dist', 'example-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'example.mjs'), example);
    const { stdout } = await run(process.execPath, [join(directory, 'example.mjs')]);
    expect(stdout).toBe('content 01\n');
  });

  it('is right that `npx raftctl` runs the program from a checkout', async () => {
    const { stdout } = await run('npx', ['--no', 'raftctl', 'version'], { cwd: ROOT });
    expect(stdout).toContain(
      (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version,
    );
  });

  it('links to files that exist', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)]
      .map((match) => match[1]!)
      .filter((link) => !link.includes('://'));
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) expect(() => readFileSync(join(ROOT, link)), link).not.toThrow();
  });
});
