// Bundles the program into dist/: cli.js (the command), node.js (a node process), bench.js (the benchmark's worker)
// and client.js (the library), with shared chunks. `--types` adds the library's declarations. Needs nothing but what
// `npm ci` brings; a second build with nothing changed takes well under a second. A test builds the same program with
// a node process of its own: `--outdir DIR --node FILE`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

// LMDB is native code and stays a package of its own. Bundled CommonJS packages call `require`, which modules lack.
const EXTERNAL = ['lmdb'];
const REQUIRE =
  "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);";

const { values } = parseArgs({
  options: {
    outdir: { type: 'string', default: 'dist' },
    node: { type: 'string', default: 'src/cli/node-process.ts' },
    types: { type: 'boolean', default: false },
  },
});
const { outdir } = values;

const result = await build({
  entryPoints: {
    cli: 'src/cli/index.ts',
    node: values.node,
    bench: 'src/cli/bench-main.ts',
    client: 'src/client/index.ts',
  },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: EXTERNAL,
  banner: { js: REQUIRE },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});

// Chunks are named by their content: those of builds before are left behind. A running cluster keeps what it loaded.
const fresh = new Set(Object.keys(result.metafile.outputs).map((file) => basename(file)));
mkdirSync(outdir, { recursive: true });
for (const name of readdirSync(outdir)) if (name.endsWith('.js') && !fresh.has(name)) rmSync(join(outdir, name));

// Only what the library's users see: the declarations of the client and of what it mentions.
if (values.types) {
  const compiler = 'node_modules/typescript/bin/tsc';
  const language =
    '--target es2023 --lib es2023,es2024.string --module nodenext --types node --strict --skipLibCheck --resolveJsonModule';
  const emit = `--declaration --emitDeclarationOnly --rootDir src --outDir ${outdir}/types`;
  const args = `--ignoreConfig ${language} ${emit} src/client/index.ts`.split(' ');
  execFileSync(process.execPath, [compiler, ...args], { stdio: 'inherit' });
}
