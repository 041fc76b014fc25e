import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Reply } from './reply.ts';

/** The TCP socket below each TLS socket: only it can send a reset. */
const underlying = new WeakMap<Duplex, Socket>();

/** Tells which TCP socket a TLS socket runs on; call for every connection. */
export function noteUnderlying(secure: Duplex, tcp: Socket): void {
  underlying.set(secure, tcp);
}

/** Ends the connection with a TCP reset, without an answer. */
export function resetConnection(outgoing: ServerResponse): void {
  const { socket } = outgoing;
  if (socket === null) return; // The client has hung up before us.
  const tcp = underlying.get(socket);
  if (tcp !== undefined && !tcp.destroyed) tcp.resetAndDestroy();
  socket.destroy();
}

/** Sends headers that promise the whole body, half of it, then a reset. */
export function cutShort(outgoing: ServerResponse, reply: Reply, headers: Record<string, string>): void {
  const bytes = Buffer.from(reply.body);
  outgoing.writeHead(reply.status, { ...headers, 'content-length': bytes.length });
  outgoing.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => resetConnection(outgoing));
}
