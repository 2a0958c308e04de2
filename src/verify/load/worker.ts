import type { Client } from '../../client/index.js';

/** One of those who ask, one operation at a time: a client of the load, on a client of the library. */
export class Worker {
  /** As histories and values have it: `a1.7`. */
  readonly name: string;
  readonly client: Client;
  /** Of its last write. */
  sequence = 0;
  /** What it last saw of a key, by its number; null: that there is none. What a cas expects. */
  readonly seen = new Map<number, Buffer | null>();

  constructor(name: string, client: Client) {
    this.name = name;
    this.client = client;
  }
}
