import type { X509Certificate } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { setImmediate as macrotask } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { ask, type Answer } from './answer.ts';
import { listenTo, next } from './connection.ts';
import type { ClientPair } from './types.ts';

export interface DialRequest {
  /** An IP address that the guard let pass: nothing is resolved here. */
  readonly ip: string;
  readonly port: number;
  /** Asked for by SNI and in the Host header. */
  readonly hostname: string;
  readonly client: SecureContext;
  /** Real time: for TCP, and again for TLS. */
  readonly connectTimeoutMs: number;
  /** For how long the handshake took. */
  readonly clock: Pick<Clock, 'monotonic'>;
}

export type Chain = readonly [X509Certificate, ...X509Certificate[]];

/** How far a connection came. */
export type Dialled =
  | {
      readonly kind: 'no-connection';
      readonly why: 'refused' | 'silence' | 'no-route';
      readonly code: string;
    }
  | {
      readonly kind: 'no-tls';
      /** An error's code, `silence`, or `close` when the origin just hung up. */
      readonly code: string;
      /** Seen before it failed. */
      readonly chain: Chain | undefined;
      /** From the connection to the failure. */
      readonly tookMs: number;
    }
  /** The handshake was fine as far as the server's certificate goes. */
  | {
      readonly kind: 'presented';
      readonly chain: Chain;
      /** An alert against our client certificate, or the lack of one. */
      readonly alert: string | undefined;
      /** Undefined when the alert came first. */
      readonly answer: Answer | undefined;
    };

/** An origin that accepted TLS has this long for the beginning of its HTTP answer. */
const ANSWER_TIMEOUT_MS = 5_000;
/** TLS 1.3 origins turn a client away only after the handshake, in place of their session ticket. */
const AFTER_HANDSHAKE_MS = 300;
const MOST_CERTIFICATES = 32;

/** Codes by which a TCP connection fails because somebody answered that nobody listens. */
const REFUSALS = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** Alerts by which servers turn away clients without a certificate, or with one they do not trust. */
const CLIENT_ALERT =
  /ALERT_(HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN|REQUIRED)|UNKNOWN_CA|ACCESS_DENIED)$/;

/**
 * What every connection is made with. Whatever TLS OpenSSL speaks will do, because Cloudflare's edge speaks 1.0 to
 * 1.3 and the question is what it would see. No authorities: certificates are judged by us, not by OpenSSL, whose
 * clock is the machine's. No Diffie-Hellman over numbers that the origin chooses, which the edge does not speak either:
 * by ten thousand bits of them a key is reckoned for most of a second, in which nothing else is done here. Throws where
 * OpenSSL cannot use the pair.
 */
export function secureContext(client?: ClientPair): SecureContext {
  return createSecureContext({
    ca: [],
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT:!kDHE:@SECLEVEL=0',
    ecdhCurve: 'X25519:P-256:P-384:P-521',
    ...(client && { cert: client.certificate, key: client.key }),
  });
}

/**
 * Connects, shakes hands and asks for `/`. Reads 16 KiB of the answer at most. Rejects only with the signal's
 * reason; the connection is closed in any case.
 */
export async function dial(request: DialRequest, signal: AbortSignal): Promise<Dialled> {
  signal.throwIfAborted();
  const { ip: host, port, hostname, client, connectTimeoutMs, clock } = request;
  const socket = connect({
    host,
    port,
    servername: hostname,
    secureContext: client,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    requestOCSP: true,
  });
  listenTo(socket);
  try {
    const chain = chainSeen(socket);
    const connected = await next(socket, ['connect'], connectTimeoutMs, signal);
    if (connected.what === 'error') return unconnected(connected.code);
    if (connected.what !== 'connect') return { kind: 'no-connection', why: 'silence', code: 'ETIMEDOUT' };
    const connectedMs = clock.monotonic();
    const secured = await next(socket, ['secureConnect'], connectTimeoutMs, signal);
    const presented = chain();
    if (secured.what === 'secureConnect' && presented !== undefined)
      return { kind: 'presented', chain: presented, ...(await talk(socket, hostname, signal)) };
    const code = secured.what === 'error' ? secured.code : secured.what;
    if (presented !== undefined && CLIENT_ALERT.test(code))
      return { kind: 'presented', chain: presented, alert: code, answer: undefined };
    return { kind: 'no-tls', code, chain: presented, tookMs: clock.monotonic() - connectedMs };
  } finally {
    socket.destroy();
  }
}

/** Whether the port answers a plain HTTP request: the explanation for many a failed handshake. */
export async function speaksHttp(
  { ip: host, port, connectTimeoutMs }: Pick<DialRequest, 'ip' | 'port' | 'connectTimeoutMs'>,
  signal: AbortSignal,
): Promise<boolean> {
  const socket = connectTcp({ host, port });
  listenTo(socket);
  try {
    socket.write('HEAD / HTTP/1.0\r\n\r\n');
    const { what } = await next(socket, ['readable'], Math.min(connectTimeoutMs, ANSWER_TIMEOUT_MS), signal);
    const beginning: unknown = what === 'readable' ? socket.read(5) : undefined;
    return Buffer.isBuffer(beginning) && beginning.toString('latin1') === 'HTTP/';
  } finally {
    socket.destroy();
  }
}

function unconnected(code: string): Dialled {
  if (REFUSALS.has(code)) return { kind: 'no-connection', why: 'refused', code };
  return { kind: 'no-connection', why: code === 'ETIMEDOUT' ? 'silence' : 'no-route', code };
}

async function talk(
  socket: TLSSocket,
  hostname: string,
  signal: AbortSignal,
): Promise<{ readonly alert: string | undefined; readonly answer: Answer | undefined }> {
  // A request on its way when the origin hangs up would lose us its alert.
  if (socket.getProtocol() === 'TLSv1.3') await next(socket, ['session'], AFTER_HANDSHAKE_MS, signal);
  // Node tells of handshake and ticket in the middle of reading, where what is written gets stuck.
  await macrotask();
  const answer = await ask(socket, hostname, ANSWER_TIMEOUT_MS, signal);
  const code = answer.kind === 'closed' ? answer.code : undefined;
  return code !== undefined && CLIENT_ALERT.test(code)
    ? { alert: code, answer: undefined }
    : { alert: undefined, answer };
}

/**
 * Takes what the origin presents, leaf first, in the middle of the handshake: OpenSSL calls for the OCSP answer
 * (asked for only therefore) once it has the certificate, and an origin that demands a client certificate ends a
 * TLS 1.2 handshake before it is complete. Node's getter takes the chain out of the connection: it works once.
 */
function chainSeen(socket: TLSSocket): () => Chain | undefined {
  let seen: Chain | undefined;
  const look = (): void => {
    const leaf = seen === undefined ? socket.getPeerX509Certificate() : undefined;
    if (leaf === undefined) return;
    const rest: X509Certificate[] = [];
    for (let upper = leaf.issuerCertificate; upper !== undefined; upper = upper.issuerCertificate) {
      if (rest.push(upper) >= MOST_CERTIFICATES) break;
    }
    seen = [leaf, ...rest];
  };
  socket.once('OCSPResponse', look);
  socket.once('secureConnect', look);
  return () => seen;
}
