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

export interface Handshake {
  readonly hostname: string;
  /** What the origin is shown if it asks for a client certificate. */
  readonly presented: { readonly certificate: string; readonly privateKey: string } | undefined;
  readonly timeoutMs: number;
}

/** Shakes hands with the origin by SNI, trusting whatever it shows. Throws OriginError 525. */
export function shakeHands(tcp: Socket, { hostname, presented, timeoutMs }: Handshake): Promise<Secured> {
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
      ...(presented && { cert: presented.certificate, key: presented.privateKey }),
    });
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.once('close', () => fail('the origin hung up'));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) return fail('the origin has no certificate');
      whenOver(socket, () => {
        clearTimeout(timer);
        resolve({ socket, certificate });
      });
    });
  });
}

/** The longest wait for the word of an origin that sends none. */
const LAST_WORD_MS = 100;

/**
 * Under TLS 1.3 the origin judges a client certificate when we think that all is done. Its first ticket tells that it
 * found nothing wrong; a request sent earlier could meet a reset that overtakes the alert.
 */
function whenOver(socket: TLSSocket, proceed: () => void): void {
  if (socket.getProtocol() !== 'TLSv1.3') return proceed();
  const timer = setTimeout(proceed, LAST_WORD_MS);
  const told = (): void => {
    clearTimeout(timer);
    setImmediate(proceed); // Within the event the socket is still reading, and would read no answer.
  };
  socket.once('session', told);
  socket.once('close', () => clearTimeout(timer));
}

const TLS_ALERT = /^ERR_SSL_.*ALERT/;

/** What the origin answered, as far as a visitor's browser would act on it. */
export interface OriginAnswer {
  readonly status: number;
  readonly location?: string;
  readonly strictTransportSecurity?: string;
}

export interface OriginRequest {
  readonly hostname: string;
  readonly path: string;
  readonly scheme: 'https' | 'http';
  readonly timeoutMs: number;
}

/** Sends the visitor's request over an open connection and ends it. Throws OriginError 520, 524, or 525 for an alert. */
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
      const cause = error.code ?? error.message;
      const failure = TLS_ALERT.test(cause)
        ? new OriginError(525, `the TLS handshake with the origin failed: ${cause}`)
        : new OriginError(520, `the origin's answer makes no sense (${cause})`);
      finish(() => reject(failure));
    });
    outgoing.once('response', (response) => {
      const { statusCode = 520, headers } = response;
      const hsts = headers['strict-transport-security'];
      response.resume();
      finish(() =>
        resolve({
          status: statusCode,
          ...(headers.location !== undefined && { location: headers.location }),
          ...(hsts !== undefined && { strictTransportSecurity: hsts }),
        }),
      );
    });
    outgoing.end();
  });
}
