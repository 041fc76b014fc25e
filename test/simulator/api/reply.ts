import { gzipSync } from 'node:zlib';
import type { FaultSpec } from '../fault.ts';
import type { ApiError, Notice } from './errors.ts';
import type { Answer } from './route.ts';

/** An HTTP answer before it meets the socket. */
export interface Reply {
  readonly status: number;
  readonly contentType: 'application/json' | 'text/html; charset=UTF-8';
  readonly body: string;
  /** Sent instead of `body`, with the `content-encoding` that says so. */
  readonly gzipped?: Uint8Array<ArrayBuffer>;
  /** Whole seconds, for `retry-after`. */
  readonly retryAfter?: number;
  /** The first error's code, for the request log. */
  readonly code?: number;
}

export type MessageForm = 'strings' | 'objects';

/** The envelope around a result. */
export function success(answer: Answer, form: MessageForm): Reply {
  const envelope = {
    result: answer.result,
    ...(answer.resultInfo && { result_info: answer.resultInfo }),
    success: true,
    errors: [],
    messages: notices(answer.messages ?? [], form),
  };
  return { status: 200, contentType: 'application/json', body: JSON.stringify(envelope) };
}

/** The envelope around a refusal. */
export function refusal(error: ApiError, status: number, form: MessageForm): Reply {
  const envelope = { result: null, success: false, errors: notices(error.errors, form), messages: [] };
  const code = error.errors[0]?.code;
  return {
    status,
    contentType: 'application/json',
    body: JSON.stringify(envelope),
    ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
    ...(code !== undefined && { code }),
  };
}

function notices(entries: readonly Notice[], form: MessageForm): readonly (Notice | string)[] {
  return form === 'objects' ? entries : entries.map(({ code, message }) => `${code}: ${message}`);
}

/** A page as Cloudflare's edge serves it when something behind it broke. */
export function htmlPage(status: number, ray: string, text?: string): Reply {
  const page = `<!DOCTYPE html>\n<html lang="en-US">\n<head><title>api.cloudflare.com | ${status}: Error</title></head>\n<body><h1>Error ${status}</h1><p>Cloudflare Ray ID: ${ray}</p></body>\n</html>\n`;
  return { status, contentType: 'text/html; charset=UTF-8', body: text ?? page };
}

/** Spoils a body as the fault says: bigger, stranger or cut in the middle. */
export function spoiled(reply: Reply, fault: FaultSpec): Reply {
  let body = reply.body;
  if (
    reply.contentType === 'application/json' &&
    (fault.extraFields === true || fault.hugeBytes !== undefined)
  ) {
    const parsed: unknown = JSON.parse(body);
    const extra =
      fault.extraFields === true
        ? { trace: { colo: 'AMS', hops: [1, null, {}] }, result_note: 'unknown' }
        : {};
    const filler = fault.hugeBytes === undefined ? {} : { padding: 'x'.repeat(fault.hugeBytes) };
    body = JSON.stringify({ ...(parsed as object), ...extra, ...filler });
  }
  if (fault.truncateJson === true) body = body.slice(0, Math.floor(body.length / 2));
  return { ...reply, body, ...(fault.gzip === true && { gzipped: new Uint8Array(gzipSync(body)) }) };
}
