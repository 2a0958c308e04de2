import { createTransport, type TransportOptions } from './create-transport.js';
import { guestNetwork, tcpNetwork } from './tcp-network.js';
import type { Transport } from './transport.js';

/** The real transport: TCP, and Unix sockets where a `path` is given. One per process is enough. */
export const createTcpTransport = (options: Omit<TransportOptions, 'network'>): Transport =>
  createTransport({ ...options, network: tcpNetwork });

/** The same for a guest in somebody else's process, which ends when its own work is done. */
export const createGuestTransport = (options: Omit<TransportOptions, 'network'>): Transport =>
  createTransport({ ...options, network: guestNetwork });
