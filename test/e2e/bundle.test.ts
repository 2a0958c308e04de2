import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/product.js';

/** Never written anywhere but into the store and into commands. */
const KEY = 'unique-key-8c1f';
const VALUE = 'unique-value-5e7a';

interface Unpacked {
  readonly names: readonly string[];
  readonly all: string;
  text(name: string): string;
  json(name: string): Record<string, unknown> & { readonly missing: readonly { what: string; why: string }[] };
}

function unpack(place: Workplace, file: string): Unpacked {
  const into = join(place.directory, `unpacked-${file}`);
  mkdirSync(into);
  execFileSync('tar', ['-xzf', join(place.directory, file), '-C', into]);
  const [root] = readdirSync(into);
  const names = readdirSync(join(into, root!), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(into, root!).length + 1))
    .sort();
  const text = (name: string) => readFileSync(join(into, root!, name), 'utf8');
  return {
    names,
    all: names.map((name) => `${name}\n${text(name)}`).join('\n'),
    text,
    json: (name) => JSON.parse(text(name)),
  };
}

const secretOf = (place: Workplace) => readFileSync(join(place.data, 'demo', 'secret'), 'utf8').trim();

describe('a bundle', () => {
  it('has everything of a cluster with a dead and a paused node, and neither keys, values nor the secret', async () => {
    const place = await Workplace.create();
    await place.up('--nodes', '3');
    for (const args of [
      ['put', KEY, VALUE],
      ['get', KEY],
      ['cas', KEY, VALUE, `${VALUE}-2`],
      ['put', KEY, VALUE, '--via', 'follower'],
      ['scan', KEY],
      ['logs', 'level', 'trace'],
      ['del', KEY],
      ['kill', 'node-03'],
      ['wait', 'leader'],
      ['pause', 'node-02'],
    ]) {
      expect(await place.run(...args)).toMatchObject({ code: 0 });
    }
    const made = await place.run('bundle', 'all.tar.gz', '-o', 'json');
    expect(made).toMatchObject({ code: 0 });
    const document = JSON.parse(made.stdout);
    expect(document).toMatchObject({ file: 'all.tar.gz', hasData: false, isRunning: true });
    const { names, all, text, json } = unpack(place, 'all.tar.gz');
    expect(document.files.map(({ name }: { name: string }) => name).sort()).toEqual(names);
    expect(names).toEqual(
      expect.arrayContaining([
        'bundle.json',
        'config.json',
        'directory.txt',
        'events.jsonl',
        'live.json',
        'status.json',
        'supervisor.json',
      ]),
    );
    for (const node of ['node-01', 'node-02', 'node-03']) {
      expect(names).toEqual(
        expect.arrayContaining([`logs/${node}.log`, `${node}/identity.json`, `${node}/sightings.json`]),
      );
      expect(text(`logs/${node}.log`)).toContain('node-listening');
      expect(text('directory.txt')).toMatch(new RegExp(`\\d+ .*  ${node}/wal/`));
    }
    expect(json('bundle.json')).toMatchObject({ hasData: false, isRunning: true, missing: [], node: process.version });
    const { nodes } = json('status.json') as unknown as { nodes: readonly { id: string; state: string }[] };
    expect(nodes.map(({ state }) => state)).toEqual(['running', 'paused', 'stopped']);
    const events = text('events.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const commands = events.filter(({ event }) => event === 'command').map(({ fields }) => fields.line);
    expect(commands).toEqual(['put …', 'cas …', 'put …', 'logs level …', 'del …', 'kill node-03', 'pause node-02']);
    expect(events.filter(({ event }) => event === 'heartbeat-sent').length).toBeGreaterThan(0);
    expect(all).not.toContain('unique-');
    expect(all).not.toContain(secretOf(place));
    expect(statSync(join(place.directory, 'all.tar.gz')).mode & 0o777).toBe(0o600);

    const withData = await place.run('bundle', 'data.tar.gz', '--data');
    expect(withData).toMatchObject({ code: 0, stdout: expect.stringContaining('with keys and values') });
    const data = unpack(place, 'data.tar.gz');
    expect(data.text('events.jsonl')).toContain(`put ${KEY} …`);
    expect(data.all).not.toContain(secretOf(place));
  });

  it('is made of a cluster without a leader, of one whose supervisor was killed, and of one that does not run', async () => {
    const place = await Workplace.create();
    const up = await place.up('--nodes', '3');
    expect(await place.run('put', KEY, VALUE)).toMatchObject({ code: 0 });
    expect(await place.run('kill', 'node-02', 'node-03')).toMatchObject({ code: 0 });
    expect(await place.run('bundle', 'lost.tar.gz')).toMatchObject({ code: 0 });
    const lost = unpack(place, 'lost.tar.gz');
    expect(lost.json('status.json')).toMatchObject({ quorum: 'lost' });

    up.child.kill('SIGKILL');
    await up.finished;
    // Whatever a process may have said before it died.
    const said = `error internal: what is under "${KEY}"\n${secretOf(place)}\n`;
    appendFileSync(join(place.data, 'demo', 'logs', 'node-01.log'), said);
    for (const args of [
      ['bundle', 'dead.tar.gz'],
      ['bundle', 'named.tar.gz', '-C', '.raftctl/demo'],
    ]) {
      const { code, stderr } = await place.run(...args);
      expect(code).toBe(0);
      expect(stderr).toMatch(/not in it: status, events \(.*no cluster/);
      const dead = unpack(place, args[1]!);
      expect(dead.json('bundle.json')).toMatchObject({ isRunning: false, cluster: null });
      expect(dead.text('logs/node-01.log')).toContain('node-listening');
      expect(dead.text('logs/node-01.log')).toContain('error internal: what is under "…"\n(the secret)\n');
      expect(dead.all).not.toContain('unique-');
      expect(dead.all).not.toContain(secretOf(place));
    }
  });

  it('has a name by itself, and replaces nothing', async () => {
    const place = await Workplace.create();
    await place.up('--nodes', '3');
    const { code, stdout } = await place.run('bundle');
    expect(code).toBe(0);
    const [, file] =
      /^wrote (raftctl-demo-\d{8}T\d{6}Z\.tar\.gz): \d+ files, \d+ KiB, without keys and values/.exec(stdout) ?? [];
    expect(readdirSync(place.directory)).toContain(file);

    const typed = `put ${KEY} ${VALUE}; get ${KEY}; cas ${KEY} ${VALUE} other; bundle script.tar.gz => script.tar.gz`;
    expect(await place.run('exec', '-c', typed)).toMatchObject({ code: 0 });
    const ofScript = unpack(place, 'script.tar.gz');
    const operations = ofScript
      .text('history.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(operations).toMatchObject([
      { op: 'put', key: 'key-1', value: 'value-1', ok: true },
      { op: 'get', key: 'key-1', output: 'value-1', ok: true },
      { op: 'cas', key: 'key-1', expected: 'value-1', value: 'value-2', output: true },
    ]);
    expect(ofScript.all).not.toContain('unique-');
    const history = join(place.directory, 'history.jsonl');
    writeFileSync(history, ofScript.text('history.jsonl'));
    expect(await place.run('check', 'history.jsonl')).toMatchObject({ code: 0 });

    writeFileSync(join(place.directory, 'there'), 'precious');
    const refused = await place.run('bundle', 'there');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('there: there is such a file already') });
    expect(readFileSync(join(place.directory, 'there'), 'utf8')).toBe('precious');
  });

  it('that cannot be written says why and leaves nothing, not even a half', async () => {
    const place = await Workplace.create();
    await place.up('--nodes', '3');
    const before = readdirSync(place.directory).sort();
    const nowhere = await place.run('bundle', 'no/such/place.tar.gz');
    expect(nowhere).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no/such/place.tar.gz cannot be written: there is no such'),
    });
    const full = place.start(['bundle', 'full.tar.gz'], {
      before: ['bash', '-c', 'ulimit -f 1; trap "" XFSZ; exec "$@"', 'bash'],
    });
    const { code, stderr } = await full.finished;
    expect(stderr).toMatch(/full\.tar\.gz cannot be written: a file may not grow so large/);
    expect(code).toBe(1);
    expect(readdirSync(place.directory).sort()).toEqual(before);
  });

  it('is asked for where nothing is: that is said', async () => {
    const place = await Workplace.create();
    const { code, stderr } = await place.run('bundle');
    expect(code).toBe(3);
    expect(stderr).toContain('no cluster is running');
  });
});
