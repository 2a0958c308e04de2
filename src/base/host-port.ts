/** Where somebody listens: a name or an IP address, and a TCP port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:3331`, `node-01.local:3331`; an IPv6 address stands in brackets: `[::1]:3331`. */
export const formatHostPort = ({ host, port }: HostPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** Reads what `formatHostPort` writes. Undefined: it is no such text, or the port is not 1 to 65535. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65_535) return undefined;
  return { host: match[1] ?? match[2]!, port };
}
