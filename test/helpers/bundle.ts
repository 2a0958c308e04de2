import { type BuildOptions, build } from 'esbuild';

const REQUIRE =
  "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);";

/** Makes a program for Node of an entry in TypeScript, as the product's build does. */
export async function bundle(
  entry: string,
  outfile: string,
  options: Pick<BuildOptions, 'plugins'> = {},
): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['lmdb'],
    banner: { js: REQUIRE },
    logLevel: 'error',
    ...options,
  });
}
