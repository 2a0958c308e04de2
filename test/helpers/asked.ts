import type { RaftctlError } from '../../src/base/index.js';
import { encodeCommand } from '../../src/kv/index.js';
import type { Origin } from '../../src/node/origin.js';
import type { PendingRead } from '../../src/node/reads.js';
import type { Result } from '../../src/node/result.js';
import type { PendingWrite } from '../../src/node/writes.js';

interface AskedOptions {
  readonly deadline?: number;
  readonly value?: string | Buffer;
  /** A node that does not lead passed it on. */
  readonly isForwarded?: boolean;
}

/** Requests without connections: what becomes of each is recorded under its number. */
export class Asked {
  /** What was told, in order: `3 written` or `3 timeout`. */
  readonly told: string[] = [];
  readonly errors = new Map<number, RaftctlError>();

  write(
    id: number,
    { deadline = 1_000_000, value = `value ${id}`, isForwarded = false }: AskedOptions = {},
  ): PendingWrite {
    const command = encodeCommand({ type: 'put', key: Buffer.from(`key ${id}`), value: Buffer.from(value) });
    return { request: { type: 'write', timeoutMs: 1_000, command }, origin: this.#origin(id, isForwarded), deadline };
  }

  read(id: number, { deadline = 1_000_000 }: AskedOptions = {}): PendingRead {
    const key = Buffer.from(`key ${id}`);
    return {
      request: { type: 'get', timeoutMs: 1_000, mode: 'linearizable', key },
      origin: this.#origin(id, false),
      deadline,
    };
  }

  #origin(id: number, isForwarded: boolean): Origin {
    return {
      from: isForwarded ? 'node' : 'client',
      name: `${id}`,
      isFull: false,
      whenRoom: () => {},
      respond: (result) => this.#record(id, result),
    };
  }

  #record(id: number, result: Result): boolean {
    this.told.push(`${id} ${result.type === 'failed' ? result.error.code : result.type}`);
    if (result.type === 'failed') this.errors.set(id, result.error);
    return true;
  }
}
