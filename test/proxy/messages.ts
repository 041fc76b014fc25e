import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault } from './faults.ts';

/** The whole body of a request or an answer. */
export async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Answers in the server's stead. */
export function answer(response: ServerResponse, fault: Extract<Fault, { type: 'status' }>): void {
  const { status, retryAfterSeconds } = fault;
  const message = `injected by the fault proxy: ${status}`;
  const details = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  const kubeStatus = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code: status, details };
  const body = fault.body ?? JSON.stringify(kubeStatus);
  response.writeHead(status, {
    'content-type': fault.contentType ?? 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
  response.end(body);
}
