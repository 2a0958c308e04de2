import { RaftctlError } from '../base/index.js';
import { describe } from './checks.js';

/** Where a node listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const usage = (message: string, hint?: string): RaftctlError =>
  new RaftctlError('usage', message, hint === undefined ? {} : { hint });

/** `host:port`, several in one text divided by commas, or a list of such texts. An IPv6 host stands in brackets. */
export function parseEndpoints(endpoints: unknown): Address[] {
  const texts = (Array.isArray(endpoints) ? endpoints : [endpoints])
    .flatMap((text: unknown) => {
      if (typeof text === 'string') return text.split(',');
      throw usage(`endpoints: expected host:port as text, or a list of such texts, got ${describe(text)}`);
    })
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
