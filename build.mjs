// Bundles the program into dist/: cli.cjs (the command), node.cjs (a node process) and supervisor.cjs (a test's supervisor),
// each with the code that V8 made of it (`src/cli/launch.ts`); worker.js (of `load`, `bench` and `check`) and chaos.js (of
// `chaos`), client.js and testing.js (the libraries), with shared chunks. `--types` adds the libraries' declarations. Needs
// nothing but what `npm ci` brings; a second build with nothing changed takes well under a second. A test builds the same program with
// a node process of its own: `--outdir DIR --node FILE`.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

// Bundled CommonJS packages call `require`, which modules lack.
const REQUIRE =
  "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);";

// In a script, what stands for `import.meta.url`: of the bundle, and of LMDB within it.
const WHERE = `const { pathToFileURL: bundleUrlOf } = require('node:url'), bundleUrl = bundleUrlOf(__filename).href;
const lmdbUrl = () => bundleUrlOf(require.resolve('lmdb')).href;`;

const { values } = parseArgs({
  options: {
    outdir: { type: 'string', default: 'dist' },
    node: { type: 'string', default: 'src/cli/node-process.ts' },
    types: { type: 'boolean', default: false },
  },
});
const { outdir } = values;

/**
 * LMDB's JavaScript becomes ours: of its eight packages' files only the native addon is left to be found and opened. What
 * a node never needs is not loaded: the module that starts processes, for a second way to tell which libc there is.
 */
const bundleLmdb = {
  name: 'bundle-lmdb',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/lmdb\/[a-z-]+\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', 'lmdbUrl()'),
    }));
    onLoad({ filter: /node_modules\/detect-libc\/lib\/detect-libc\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replace("const childProcess = require('child_process');", '')
        .replaceAll('childProcess.', "require('child_process')."),
    }));
  },
};

/**
 * Runs a cluster from its start over a few commands to its end, so that V8 compiles what all that calls, and keeps the
 * code of the command, of the nodes and of a test's supervisor. Without it, they only start slower.
 */
async function keepCode(cli, node, supervisor) {
  const home = mkdtempSync(join(tmpdir(), 'raftctl-build-'));
  const keep = (program) =>
    `process.once('exit', require(${JSON.stringify(resolve(outdir, 'launch.cjs'))}).launchForCode(${JSON.stringify(resolve(outdir, program))}));`;
  const options = { cwd: home, env: { ...process.env, TMPDIR: home, XDG_STATE_HOME: home }, timeout: 30_000 };
  writeFileSync(join(outdir, 'node.cjs'), keep(node));
  const offset = 10_000 + Math.floor(Math.random() * 20_000);
  const args = ['up', '--nodes', '3', '--ephemeral', '--port-offset', String(offset)];
  spawnSync(process.execPath, ['-e', `process.argv.splice(1, 0, 'raftctl'); ${keep(cli)}`, ...args], {
    ...options,
    input: 'put key-01 "content 01"\nget key-01\nstatus\n',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // It says one line when the cluster is ready, and ends when the other end of descriptor 3 closes.
  const test = spawn(process.execPath, ['-e', keep(supervisor)], {
    ...options,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const request = { file: null, settings: {}, overrides: {}, timeoutMs: 20_000, portRange: [20_000, 32_000] };
  test.stdio[3].on('error', () => {}).write(`${JSON.stringify(request)}\n`);
  test.stdio[3].once('data', () => test.stdio[3].end());
  await once(test, 'exit');
  rmSync(home, { recursive: true, force: true });
}

/** Of this Node and of others. */
const codeOf = (program) => readdirSync(outdir).filter((name) => name.startsWith(program.replace(/\.cjs$/, '-v')));

const common = { bundle: true, platform: 'node', target: 'node20', legalComments: 'none', logLevel: 'warning' };

// What others import, or run now and then: modules that share chunks.
const modules = await build({
  ...common,
  entryPoints: {
    worker: 'src/cli/worker-main.ts',
    chaos: 'src/cli/chaos-main.ts',
    client: 'src/client/index.ts',
    testing: 'src/testing/index.ts',
  },
  outdir,
  splitting: true,
  format: 'esm',
  external: ['lmdb'],
  banner: { js: REQUIRE },
  metafile: true,
});

// What must start fast: a single script each, named by its content. What is imported late is still run late.
const programs = await build({
  ...common,
  entryPoints: { cli: 'src/cli/index.ts', node: values.node, supervisor: 'src/testing/supervisor-process.ts' },
  entryNames: '[name]-[hash]',
  outdir,
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  // LMDB is given bytes: what would make its values into bytes faster is a second addon, for nothing.
  define: {
    'import.meta.url': 'bundleUrl',
    'process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED': '"true"',
  },
  banner: { js: WHERE },
  plugins: [bundleLmdb],
  metafile: true,
});
const launcher = { entryPoints: { launch: 'src/cli/launch.ts' }, outExtension: { '.js': '.cjs' }, format: 'cjs' };
await build({ ...common, ...launcher, outdir });

const files = (built) => Object.keys(built.metafile.outputs).map((file) => basename(file));
const started = ['cli', 'node', 'supervisor'].map((name) =>
  files(programs).find((file) => file.startsWith(`${name}-`)),
);
// Code of the same program, made by a build before, still fits.
const ofThisNode = `-${process.version}-${process.platform}-${process.arch}.code`;
const isKept = (program) => codeOf(program).some((name) => name.endsWith(ofThisNode));
if (!started.every(isKept)) await keepCode(...started);
for (const program of started) {
  const entry = program.replace(/-\w+\.cjs$/, '.cjs');
  writeFileSync(join(outdir, entry), `require('./launch.cjs').launch(require.resolve('./${program}'));\n`);
}
const fresh = new Set([...files(modules), ...files(programs), 'launch.cjs', 'cli.cjs', 'node.cjs', 'supervisor.cjs']);
for (const program of started) for (const name of codeOf(program)) fresh.add(name);

// Files are named by their content: those of builds before are left behind. A running cluster keeps what it loaded.
for (const name of readdirSync(outdir)) {
  if (/\.(js|cjs|code)$/.test(name) && !fresh.has(name)) rmSync(join(outdir, name));
}

// Only what the libraries' users see: their declarations, and those of what they mention.
if (values.types) {
  const compiler = 'node_modules/typescript/bin/tsc';
  const language =
    '--target es2023 --lib es2023,es2024.string --module nodenext --types node --strict --skipLibCheck --resolveJsonModule';
  const emit = `--declaration --emitDeclarationOnly --rootDir src --outDir ${outdir}/types`;
  const args = `--ignoreConfig ${language} ${emit} src/client/index.ts src/testing/index.ts`.split(' ');
  execFileSync(process.execPath, [compiler, ...args], { stdio: 'inherit' });
}
