import { type HostPort, parseHostPort, RaftctlError } from '../base/index.js';
import { describe } from './checks.js';

const usage = (message: string, hint?: string): RaftctlError =>
  new RaftctlError('usage', message, hint === undefined ? {} : { hint });

/** `host:port`, several in one text divided by commas, or a list of such texts. An IPv6 host stands in brackets. */
export function parseEndpoints(endpoints: unknown): HostPort[] {
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

const sameAddress = (a: HostPort, b: HostPort): boolean => a.host === b.host && a.port === b.port;

function parseEndpoint(text: string): HostPort {
  const address = parseHostPort(text);
  if (address !== undefined) return address;
  throw usage(`endpoint ${JSON.stringify(text)}: expected host:port with a port of 1 to 65535`);
}
