import { RaftctlError, REJOIN } from '../base/index.js';
import type { Backend, BytesCursor } from './backend.js';
import { type BinaryKey, toBytes } from './key.js';
import { newVersion, readVersion, type Version } from './version.js';

/** Stands on one key after the other, with the version that lies there. Close it within the turn of the event loop. */
export interface VersionCursor {
  /** Undefined: behind the last one. */
  readonly key: BinaryKey | undefined;
  /** The version at `key`; its bytes do not change later. Tombstones are included where there are any. */
  readonly version: Version;
  advance(): void;
  close(): void;
}

/**
 * The backend's keys as versions. What does not match its checksum throws `data-damaged`, which ends the node: a state
 * that differs from that of the other members must answer nobody.
 */
export class StoredVersions {
  readonly #backend: Backend;
  readonly #found = newVersion();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** The object and its bytes are valid until the next call of any method. */
  find(key: BinaryKey): Version | undefined {
    const slice = this.#backend.find('keys', key);
    if (slice === undefined) return undefined;
    return readVersion(key, slice, this.#found) ?? refuse(this.#backend.place, key);
  }

  range(from: BinaryKey, before: BinaryKey | undefined): VersionCursor {
    return new StoredVersionCursor(this.#backend.place, this.#backend.range('keys', from, before));
  }
}

/** `cursor` goes over keys that lie at `place`. */
export class StoredVersionCursor implements VersionCursor {
  readonly #place: string;
  readonly #cursor: BytesCursor;
  readonly #version = newVersion();

  constructor(place: string, cursor: BytesCursor) {
    this.#place = place;
    this.#cursor = cursor;
    this.#read();
  }

  get key(): BinaryKey | undefined {
    return this.#cursor.key;
  }

  get version(): Version {
    return this.#version;
  }

  advance(): void {
    this.#cursor.advance();
    this.#read();
  }

  close(): void {
    this.#cursor.close();
  }

  #read(): void {
    const { key } = this.#cursor;
    if (key === undefined || readVersion(key, this.#cursor.value, this.#version) !== undefined) return;
    this.#cursor.close();
    refuse(this.#place, key);
  }
}

function refuse(place: string, key: BinaryKey): never {
  const shown = JSON.stringify(toBytes(key).toString('utf8'));
  throw new RaftctlError(
    'data-damaged',
    `${place}: what is stored under the key ${shown} does not match its checksum`,
    {
      hint: REJOIN,
    },
  );
}
