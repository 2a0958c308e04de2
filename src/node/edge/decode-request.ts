import type { ConnectionRole } from '../../transport/index.js';
import {
  decodeChangeMembership,
  decodeGet,
  decodeLogLevel,
  decodeNodeFaults,
  decodeScan,
  decodeSubscribeEvents,
  decodeTransfer,
  decodeWatch,
  decodeWrite,
  KIND,
} from '../../wire/index.js';
import type { Request, Write } from '../request.js';

/**
 * What a frame asks for. Undefined: one of this role does not ask so. Throws `bad-request` when the payload is not what
 * the kind announces.
 */
export function decodeRequest(role: ConnectionRole, kind: number, payload: Buffer): Request | undefined {
  switch (kind) {
    case KIND.write:
      return decodeWriteRequest(payload);
    case KIND.get:
      return { type: 'get', ...decodeGet(payload) };
    case KIND.scan:
      return { type: 'scan', ...decodeScan(payload) };
    case KIND.status:
      return { type: 'status' };
    case KIND.members:
      return { type: 'members' };
    case KIND.watch:
      return { type: 'watch', ...decodeWatch(payload) };
    default:
      return role === 'admin' ? decodeAdminRequest(kind, payload) : undefined;
  }
}

/** Written out, for the sake of speed. */
export function decodeWriteRequest(payload: Buffer): Write {
  const { timeoutMs, command } = decodeWrite(payload);
  return { type: 'write', timeoutMs, command };
}

function decodeAdminRequest(kind: number, payload: Buffer): Request | undefined {
  switch (kind) {
    case KIND.subscribeEvents:
      return { type: 'subscribe-events', ...decodeSubscribeEvents(payload) };
    case KIND.logLevel:
      return { type: 'log-level', ...decodeLogLevel(payload) };
    case KIND.setFaults:
      return { type: 'set-faults', faults: decodeNodeFaults(payload) };
    case KIND.changeMembership:
      return { type: 'change-membership', ...decodeChangeMembership(payload) };
    case KIND.transfer:
      return { type: 'transfer', ...decodeTransfer(payload) };
    case KIND.stop:
      return { type: 'stop' };
    default:
      return undefined;
  }
}
