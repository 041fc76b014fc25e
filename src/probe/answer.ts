import type { TLSSocket } from 'node:tls';
import { next } from './connection.ts';

/** What an origin says to `GET /` over an open TLS connection. */
export type Answer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The Location header; undefined without one. */
      readonly location: string | undefined;
      /** nginx: 400 because no client certificate came, or because it does not trust the one that came. */
      readonly refusesClient: 'missing' | 'untrusted' | undefined;
    }
  /** It sent nothing that is HTTP in time; it did not turn us away either. */
  | { readonly kind: 'silent' }
  /** It ended the connection; `code` of an error, undefined for a plain end. */
  | { readonly kind: 'closed'; readonly code: string | undefined };

/** Enough for any head and for nginx's error page; whatever follows is not read. */
const MOST_BYTES = 16 * 1024;

const HEAD_END = /\r?\n\r?\n/;
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})\b/;
const NGINX_REFUSALS = {
  missing: 'No required SSL certificate was sent',
  untrusted: 'The SSL certificate error',
} as const;

/** Sends the request of a visitor that came by HTTPS and reads the beginning of the answer. */
export async function ask(
  socket: TLSSocket,
  hostname: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Answer> {
  const untilMs = performance.now() + timeoutMs;
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    // latin1: one character a byte, so that no cut can fall into one.
    text += chunk.toString('latin1', 0, MOST_BYTES - text.length);
    if (text.length >= MOST_BYTES) socket.pause();
  });
  socket.write(requestFor(hostname));
  for (;;) {
    const happening = await next(socket, ['data'], Math.max(0, untilMs - performance.now()), signal);
    const isAll = happening.what !== 'data' || text.length >= MOST_BYTES;
    const answer = understand(text, isAll);
    if (answer !== undefined) return answer;
    if (happening.what === 'error') return { kind: 'closed', code: happening.code };
    if (happening.what === 'close' && text === '') return { kind: 'closed', code: undefined };
    if (isAll) return { kind: 'silent' };
  }
}

function requestFor(hostname: string): string {
  const headers = [
    `Host: ${hostname}`,
    'User-Agent: origin-ca-operator (looks at certificates)',
    'Accept: */*',
    // As the edge says of a visitor that came by HTTPS: without it many applications redirect.
    'X-Forwarded-Proto: https',
    'CF-Visitor: {"scheme":"https"}',
    'Connection: close',
  ];
  return `GET / HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`;
}

/** Undefined while more must be read: of a 400 the page says which one it is. */
function understand(received: string, isAll: boolean): Answer | undefined {
  const text = withoutInterim(received);
  const head = text.split(HEAD_END, 1)[0] ?? '';
  if (head.length === text.length && !isAll) return undefined;
  const status = STATUS_LINE.exec(head)?.[1];
  if (status === undefined) return undefined;
  if (status === '400' && !isAll && refusalIn(text) === undefined) return undefined;
  return {
    kind: 'answered',
    status: Number(status),
    location: /^location:[ \t]*(\S+)/im.exec(head)?.[1],
    refusesClient: status === '400' ? refusalIn(text) : undefined,
  };
}

/** Drops complete 1xx answers, such as early hints. */
function withoutInterim(text: string): string {
  if (!/^HTTP\/1\.[01] 1\d\d\b/.test(text)) return text;
  const end = HEAD_END.exec(text);
  return end === null ? '' : withoutInterim(text.slice(end.index + end[0].length));
}

function refusalIn(text: string): 'missing' | 'untrusted' | undefined {
  if (text.includes(NGINX_REFUSALS.missing)) return 'missing';
  return text.includes(NGINX_REFUSALS.untrusted) ? 'untrusted' : undefined;
}

/** Whether the answer leads to plain HTTP on the same host. */
export function leadsToHttp(answer: Answer, hostname: string): boolean {
  if (answer.kind !== 'answered' || answer.status < 300 || answer.status > 399) return false;
  if (answer.location === undefined || !URL.canParse(answer.location)) return false;
  const { protocol, hostname: host, port } = new URL(answer.location);
  return protocol === 'http:' && host === hostname && port === '';
}
