// Bundles the program into dist/: cli.cjs (the command) and node.cjs (a node process), each with the code that V8 made of
// it (`src/cli/launch.ts`); bench.js (the benchmark's worker) and client.js (the library), with shared chunks. `--types` adds the library's declarations. Needs nothing but what
// `npm ci` brings; a second build with nothing changed takes well under a second. A test builds the same program with
// a node process of its own: `--outdir DIR --node FILE`.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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

/** LMDB's JavaScript becomes ours: of its eight packages' files only the native addon is left to be found and opened. */
const bundleLmdb = {
  name: 'bundle-lmdb',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/lmdb\/[a-z-]+\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', 'lmdbUrl()'),
    }));
  },
};

/** Runs the program once, so that V8 compiles what it calls. Without the code that comes of it, it only starts slower. */
function keepCode(program, { args, flags }) {
  const script = `process.argv.splice(1, 0, 'raftctl');
    process.once('exit', require('./launch.cjs').launchForCode(${JSON.stringify(resolve(program))}));`;
  spawnSync(process.execPath, [...flags, '-e', script, ...args], { cwd: outdir, stdio: 'ignore' });
}

const codeOf = (program) => readdirSync(outdir).filter((name) => name.startsWith(program.replace(/\.cjs$/, '-v')));

const common = { bundle: true, platform: 'node', target: 'node20', legalComments: 'none', logLevel: 'warning' };

// What others import, or run now and then: modules that share chunks.
const modules = await build({
  ...common,
  entryPoints: { bench: 'src/cli/bench-main.ts', client: 'src/client/index.ts' },
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
  entryPoints: { cli: 'src/cli/index.ts', node: values.node },
  entryNames: '[name]-[hash]',
  outdir,
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: WHERE },
  plugins: [bundleLmdb],
  metafile: true,
});
const launcher = { entryPoints: { launch: 'src/cli/launch.ts' }, outExtension: { '.js': '.cjs' }, format: 'cjs' };
await build({ ...common, ...launcher, outdir });

// What each program is called with, so that it loads what it needs for its most frequent use, and ends.
const { V8_OF_A_NODE } = createRequire(import.meta.url)(resolve(outdir, 'launch.cjs'));
const WARM_UP = {
  'cli.cjs': { flags: [], args: ['up', '--file', '/nonexistent'] },
  'node.cjs': { flags: V8_OF_A_NODE, args: [] },
};

const files = (built) => Object.keys(built.metafile.outputs).map((file) => basename(file));
const fresh = new Set([...files(modules), 'launch.cjs']);
for (const file of files(programs)) {
  const entry = file.replace(/-\w+\.cjs$/, '.cjs');
  writeFileSync(join(outdir, entry), `require('./launch.cjs').launch(require.resolve('./${file}'));\n`);
  keepCode(join(outdir, file), WARM_UP[entry]);
  for (const name of [file, entry, ...codeOf(file)]) fresh.add(name);
}

// Files are named by their content: those of builds before are left behind. A running cluster keeps what it loaded.
for (const name of readdirSync(outdir)) {
  if (/\.(js|cjs|code)$/.test(name) && !fresh.has(name)) rmSync(join(outdir, name));
}

// Only what the library's users see: the declarations of the client and of what it mentions.
if (values.types) {
  const compiler = 'node_modules/typescript/bin/tsc';
  const language =
    '--target es2023 --lib es2023,es2024.string --module nodenext --types node --strict --skipLibCheck --resolveJsonModule';
  const emit = `--declaration --emitDeclarationOnly --rootDir src --outDir ${outdir}/types`;
  const args = `--ignoreConfig ${language} ${emit} src/client/index.ts`.split(' ');
  execFileSync(process.execPath, [compiler, ...args], { stdio: 'inherit' });
}
