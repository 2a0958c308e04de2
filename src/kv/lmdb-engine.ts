import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as lmdb from 'lmdb';
import { messageOf, RaftctlError } from '../base/index.js';
import type { DatabaseName } from './backend.js';
import type { LmdbEngine } from './lmdb-transaction.js';

/** What is called here is not declared by lmdb-js: another version of it may mean something else by it. */
export const LMDB_VERSION = '3.5.6';

/** The manifest of the package that is loaded. */
const manifestPath = (): string => join(createRequire(import.meta.url).resolve('lmdb'), '..', '..', 'package.json');

/** Throws `internal` when the package in `manifest` is not the version that this raftctl was written for. */
export function checkLmdbPackage(manifest: string = manifestPath()): void {
  const found = versionIn(manifest);
  if (found === LMDB_VERSION) return;
  const message = `the package lmdb is of the wrong version: expected ${LMDB_VERSION}, found ${found} (${manifest})`;
  throw new RaftctlError('internal', message, { hint: 'install raftctl again, with the packages that it pins' });
}

function versionIn(manifest: string): string {
  try {
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' ? version : 'none';
  } catch (error) {
    return `none: ${messageOf(error)}`;
  }
}

/** What `LmdbTransaction` needs of lmdb-js and its types do not declare. */
interface Internals {
  readonly nativeAddon: { getAddress(buffer: ArrayBufferLike): number; lmdbError(code: number): never };
  readonly env: { startWriting(address: number, report: (status: number) => void): void };
  readonly db: { readonly dbi: number };
}

/** `flushed` is called after each transaction that is on disk. The package's version must have been checked. */
export function lmdbEngine(
  root: lmdb.RootDatabase,
  databases: Readonly<Record<DatabaseName, lmdb.Database<Buffer, string>>>,
  flushed: () => void,
): LmdbEngine {
  const { nativeAddon } = lmdb as unknown as Pick<Internals, 'nativeAddon'>;
  const { env } = root as unknown as Pick<Internals, 'env'>;
  const numbers = Object.entries(databases).map(([name, database]) => {
    return [name, (database as unknown as Pick<Internals, 'db'>).db.dbi];
  });
  return {
    databases: Object.fromEntries(numbers) as LmdbEngine['databases'],
    addressOf: (buffer) => nativeAddon.getAddress(buffer),
    execute(address, report) {
      env.startWriting(address, (status) => {
        // The reader must not stay on a snapshot of before the commit.
        root.resetReadTxn();
        if (status === 0) flushed();
        report(status);
      });
    },
    errorOf(code) {
      try {
        nativeAddon.lmdbError(code);
      } catch (error) {
        if (error instanceof Error) return error;
      }
      return new Error(`LMDB error ${code}`);
    },
  };
}
