import { Socket } from 'node:net';

/** The descriptor that the supervisor keeps the other end of. Nothing is ever said on it. */
const CHANNEL_DESCRIPTOR = 3;

/**
 * Calls `gone` when the supervisor's end of the channel closes: it exited, however it did. Does nothing for a node that
 * was started by hand, without a channel. The channel does not keep the process alive.
 */
export function watchSupervisor(gone: () => void): void {
  let socket: Socket;
  try {
    socket = new Socket({ fd: CHANNEL_DESCRIPTOR, readable: true, writable: false });
  } catch {
    return; // not open, or not a pipe or socket: nobody supervises this node
  }
  socket.on('error', gone);
  socket.on('close', gone);
  socket.on('end', gone);
  socket.resume();
  socket.unref();
}
