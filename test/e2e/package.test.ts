import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { Workplace } from '../helpers/product.js';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');

/** Packs what was built, and installs it as a user would, into an empty folder. */
async function installed(place: Workplace): Promise<string> {
  await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', place.directory], { cwd: ROOT });
  const tarball = readdirSync(place.directory).find((file) => file.endsWith('.tgz'))!;
  const folder = join(place.directory, 'empty');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  // Without scripts nothing can be compiled: what is native must have come ready-made. The cache has what `npm ci` used.
  const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--silent'];
  await run('npm', ['install', ...options, join('..', tarball)], { cwd: folder });
  return folder;
}

/** The files that a document links to. */
const relativeLinks = (document: string): string[] =>
  [...readFileSync(join(ROOT, document), 'utf8').matchAll(/\]\(((?!https?:)[^)#]+)/g)].map((match) => match[1]!);

describe('the package', () => {
  it('installs into an empty folder without a compiler, and runs there', async () => {
    const place = await Workplace.create();
    const folder = await installed(place);
    const env = { ...process.env, ...place.environment, NO_COLOR: '1' };
    const raftctl = (...args: readonly string[]) => run('npx', ['--no', 'raftctl', ...args], { cwd: folder, env });
    expect((await raftctl('version')).stdout).toBe(`${packageJson.version}\n`);

    writeFileSync(
      join(folder, 'app.mjs'),
      `import { connect } from 'raftctl';
      const client = await connect(process.env.RAFTCTL_ENDPOINTS);
      await client.put('from', 'the library');
      await client.close();`,
    );
    writeFileSync(
      join(folder, 'script'),
      'put a 1\nkill leader\nwait leader\nwithin 5s get a => 1\nrun node app.mjs\nget from\n',
    );
    const up = `npx --no raftctl up --nodes 3 --port-offset ${place.portOffset} < script`;
    const { stdout, stderr } = await run('sh', ['-c', up], { cwd: folder, env });
    expect(stdout, stderr).toMatch(/node-01 ready[\s\S]*OK\n[\s\S]*\nthe library\n$/);
    expect(stderr).toContain('stopped; the data is in');
    expect(existsSync(join(folder, '.raftctl', 'demo', 'supervisor.json'))).toBe(true);

    // Types for whoever writes TypeScript, and nothing of our tests or sources.
    const shipped = join(folder, 'node_modules', 'raftctl');
    expect(existsSync(join(shipped, packageJson.exports['.'].types))).toBe(true);
    expect(readdirSync(shipped)).not.toEqual(expect.arrayContaining(['src']));
    expect(readdirSync(shipped)).not.toEqual(expect.arrayContaining(['test']));
    // What the README links to is there as well, but for the sources and how to work on them.
    for (const link of relativeLinks('README.md')) {
      if (!/^(bench|CONTRIBUTING)/.test(link)) expect(existsSync(join(shipped, link)), link).toBe(true);
    }
    expect(readdirSync(shipped)).toEqual(expect.arrayContaining(['LICENSE', 'CHANGELOG.md']));
  });

  it('has a library for tests, which vitest and node:test take from it as a user would', async () => {
    const place = await Workplace.create();
    const folder = await installed(place);
    const shipped = join(folder, 'node_modules', 'raftctl');
    for (const example of ['vitest.test.ts', 'node.test.mjs']) {
      cpSync(join(shipped, 'examples', example), join(folder, example));
    }
    const env = { ...process.env, ...place.environment, NO_COLOR: '1' };
    const node = (...args: readonly string[]) => run(process.execPath, args, { cwd: folder, env });
    expect((await node('--test', 'node.test.mjs')).stdout).toMatch(/^# pass 2$/m);
    expect((await node('-p', "typeof require('raftctl/testing').startCluster")).stdout).toBe('function\n');

    // Their users have these; where they come from does not matter.
    for (const name of ['vitest', 'typescript', '@types/node']) {
      mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
    }
    for (const pool of ['forks', 'threads', 'vmForks']) {
      const vitest = join('node_modules', 'vitest', 'vitest.mjs');
      const { stdout } = await node(vitest, 'run', 'vitest.test.ts', '--pool', pool, '--root', '.');
      expect(stdout).toMatch(/Tests {2}2 passed/);
    }
    for (const [module, resolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ] as const) {
      const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
      const language = ['--strict', '--target', 'es2022', '--lib', 'es2023', '--types', 'node'];
      await node(tsc, '--noEmit', ...language, '--module', module, '--moduleResolution', resolution, 'vitest.test.ts');
    }
  }, 300_000);

  it('has types where TypeScript looks for them (attw)', async () => {
    const place = await Workplace.create();
    const { stdout } = await run(
      'npm',
      ['pack', '--ignore-scripts', '--silent', '--pack-destination', place.directory],
      {
        cwd: ROOT,
      },
    );
    // A package of modules. What require finds, and a TypeScript that knows no `exports`, are not for it to say.
    const attw = ['--profile', 'esm-only', '--format', 'json', join(place.directory, stdout.trim())];
    const found = await run(join(ROOT, 'node_modules', '.bin', 'attw'), attw, { cwd: place.directory });
    const { analysis, problems } = JSON.parse(found.stdout) as {
      readonly analysis: { readonly types: unknown; readonly entrypoints: object };
      readonly problems: Readonly<Record<string, readonly { readonly resolutionKind: string }[]>>;
    };
    expect(analysis.types).toMatchObject({ kind: 'included' });
    expect(Object.keys(analysis.entrypoints)).toEqual(['.', './testing', './package.json']);
    const kinds = Object.values(problems).flatMap((all) => all.map(({ resolutionKind }) => resolutionKind));
    expect(kinds.filter((kind) => kind !== 'node10' && kind !== 'node16-cjs')).toEqual([]);
  });

  it('is what its package.json says (publint)', async () => {
    const { messages } = await publint({ pkgDir: ROOT, strict: true });
    expect(messages.map((message) => formatMessage(message, packageJson))).toEqual([]);
  });
});
