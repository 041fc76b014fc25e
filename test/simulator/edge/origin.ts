import type { X509Certificate } from 'node:crypto';
import { request } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** The edge could not get an answer: the status that Cloudflare shows instead, and what happened. */
export class OriginError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Opens a TCP connection to `host:port`. Throws OriginError 521, 522 or 523. */
export function openTcp(address: string, timeoutMs: number): Promise<Socket> {
  const [, host = '', port = ''] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(address) ?? [];
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port: Number(port) });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new OriginError(522, `no connection to the origin ${address} within ${timeoutMs} ms`));
    }, timeoutMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const unreachable = error.code === 'EHOSTUNREACH' || error.code === 'ENETUNREACH';
      reject(
        new OriginError(
          unreachable ? 523 : 521,
          `the origin ${address} refused the connection (${error.code ?? 'unknown'})`,
        ),
      );
    });
  });
}

/** The origin's side of a TLS connection, not yet judged. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly certificate: X509Certificate;
}

/** Shakes hands with the origin by SNI, trusting whatever it shows. Throws OriginError 525. */
export function shakeHands(tcp: Socket, hostname: string, timeoutMs: number): Promise<Secured> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      tcp.destroy();
      reject(new OriginError(525, `the TLS handshake with the origin failed: ${why}`));
    };
    const timer = setTimeout(() => fail(`nothing within ${timeoutMs} ms`), timeoutMs);
    const socket = connectTls({
      socket: tcp,
      servername: hostname,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    });
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.once('close', () => fail('the origin hung up'));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) return fail('the origin has no certificate');
      clearTimeout(timer);
      resolve({ socket, certificate });
    });
  });
}

/** What the origin answered, as far as a visitor's browser would act on it. */
export interface OriginAnswer {
  readonly status: number;
  readonly location?: string;
}

export interface OriginRequest {
  readonly hostname: string;
  readonly path: string;
  readonly scheme: 'https' | 'http';
  readonly timeoutMs: number;
}

/** Sends the visitor's request over an open connection and ends it. Throws OriginError 520 or 524. */
export function ask(
  socket: Socket,
  { hostname, path, scheme, timeoutMs }: OriginRequest,
): Promise<OriginAnswer> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
      socket.destroy();
    };
    const timer = setTimeout(() => {
      finish(() => reject(new OriginError(524, `no answer from the origin within ${timeoutMs} ms`)));
    }, timeoutMs);
    const outgoing = request({
      createConnection: () => socket,
      path,
      headers: {
        host: hostname,
        connection: 'close',
        'cdn-loop': 'cloudflare; loops=1',
        'cf-connecting-ip': '203.0.113.7',
        'x-forwarded-for': '203.0.113.7',
        'x-forwarded-proto': scheme,
      },
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      finish(() =>
        reject(new OriginError(520, `the origin's answer makes no sense (${error.code ?? error.message})`)),
      );
    });
    outgoing.once('response', (response) => {
      const { statusCode = 520, headers } = response;
      response.resume();
      finish(() =>
        resolve({
          status: statusCode,
          ...(headers.location !== undefined && { location: headers.location }),
        }),
      );
    });
    outgoing.end();
  });
}
