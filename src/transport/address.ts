import { formatHostPort, type HostPort } from '../base/index.js';

/** Where a listener is: host and port, or the path of a Unix socket. */
export interface Address extends HostPort {
  readonly path?: string | undefined;
}

export function formatAddress({ host, port, path }: Address): string {
  return path ?? formatHostPort({ host, port });
}

/** The system's name of an error, such as `ECONNRESET`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The address that answered "connection refused": the machine is up and nobody listens there. */
export function refusedAddress(error: unknown): string | undefined {
  if (codeOf(error) !== 'ECONNREFUSED' || !(error instanceof Error)) return undefined;
  if (!('address' in error) || typeof error.address !== 'string') return undefined;
  if (!('port' in error) || typeof error.port !== 'number') return error.address;
  return formatAddress({ host: error.address, port: error.port });
}
