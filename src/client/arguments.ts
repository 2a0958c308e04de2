import { RaftctlError } from '../base/index.js';
import type { Bytes } from './types.js';

/** What callers hand in, checked once at the door. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const usage = (message: string, hint?: string): RaftctlError =>
  new RaftctlError('usage', message, hint === undefined ? {} : { hint });

/** `host:port`, several in one text divided by commas, or a list of such texts. An IPv6 host stands in brackets. */
export function parseEndpoints(endpoints: string | readonly string[]): Address[] {
  const texts = (typeof endpoints === 'string' ? [endpoints] : endpoints)
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (texts.length === 0) throw usage('no endpoints given', "name at least one, such as '127.0.0.1:3331'");
  const addresses = texts.map(parseEndpoint);
  return addresses.filter((one, nth) => addresses.findIndex((other) => sameAddress(one, other)) === nth);
}

const sameAddress = (a: Address, b: Address): boolean => a.host === b.host && a.port === b.port;

function parseEndpoint(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65_535) {
    throw usage(`endpoint ${JSON.stringify(text)}: expected host:port with a port of 1 to 65535`);
  }
  return { host: match[1] ?? match[2]!, port };
}

export const nameOf = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** The longest key that a request can carry; a node allows fewer bytes. */
const KEY_BYTES_MAX = 0xffff;

function toBytes(what: string, bytes: Bytes): Uint8Array {
  if (typeof bytes === 'string') return Buffer.from(bytes);
  if (bytes instanceof Uint8Array) return bytes;
  throw new RaftctlError(
    'bad-request',
    `${what}: expected text or a Uint8Array, got ${bytes === null ? null : typeof bytes}`,
  );
}

export function toKey(what: string, key: Bytes): Uint8Array {
  const bytes = toBytes(what, key);
  if (bytes.length <= KEY_BYTES_MAX) return bytes;
  throw new RaftctlError(
    'key-too-large',
    `${what}: the key has ${bytes.length} bytes, at most ${KEY_BYTES_MAX} fit in a request`,
  );
}

/** `maxBytes` as the nodes told; 0 when they have not. */
export function toValue(what: string, value: Bytes, maxBytes: number): Uint8Array {
  const bytes = toBytes(what, value);
  if (maxBytes === 0 || bytes.length <= maxBytes) return bytes;
  throw new RaftctlError(
    'value-too-large',
    `${what}: the value has ${bytes.length} bytes, the cluster takes at most ${maxBytes}`,
    {
      hint: 'storage.maxValue in cluster.yaml sets the bound',
    },
  );
}

const TIMER_MS_MAX = 2 ** 31 - 1;

export function checkTimeout(timeoutMs: number): number {
  if (timeoutMs > 0 && timeoutMs <= TIMER_MS_MAX) return timeoutMs;
  throw usage(`timeoutMs: expected milliseconds from above 0 to ${TIMER_MS_MAX}, got ${timeoutMs}`);
}

export function checkConnections(connections: number): number {
  if (Number.isInteger(connections) && connections >= 1 && connections <= 1024) return connections;
  throw usage(`connections: expected a whole number from 1 to 1024, got ${connections}`);
}

export function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 0xffff_ffff) return limit;
  throw usage(`limit: expected a whole number from 1, got ${limit}`);
}

export function checkRevision(revision: number): number {
  if (Number.isSafeInteger(revision) && revision >= 1) return revision;
  throw usage(`from: expected a revision, which is a whole number from 1, got ${revision}`);
}

export function checkClusterId(clusterId: string): string {
  if (clusterId === '' || /^[0-9a-f]{32}$/.test(clusterId)) return clusterId;
  throw usage(`clusterId: expected 32 hex digits, got ${JSON.stringify(clusterId)}`);
}
