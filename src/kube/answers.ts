import type { Dispatcher } from 'undici';
import { textWithin } from '../body.ts';
import { describe, errorFromStatus, KubeError, type Operation } from './errors.ts';
import { retryAfterOf } from './headers.ts';
import type { KubeObject } from './object.ts';

export interface Page<T> {
  readonly items: T[];
  readonly resourceVersion: string;
  /** Absent on the last page. */
  readonly continue?: string;
}

/**
 * Reads the whole of an answer that is to be JSON; rejects with why the server refused. One of more than `maxBytes` is not
 * read to its end.
 */
export async function readJson(
  response: Dispatcher.ResponseData,
  { operation, maxBytes }: { readonly operation: Operation; readonly maxBytes?: number },
): Promise<object> {
  const { body, statusCode } = response;
  const text = await (maxBytes === undefined ? body.text() : textWithin(body, maxBytes));
  if (text === undefined) throw new KubeError('TooLarge', `${describe(operation)}: the answer is too large`);
  const value = parse(text);
  if (statusCode >= 300) throw refusal(response, operation, value);
  if (typeof value !== 'object' || value === null) throw unexpected(operation, 'no JSON');
  return value;
}

/** Reads why the server refused. */
export async function readRefusal(
  response: Dispatcher.ResponseData,
  operation: Operation,
): Promise<KubeError> {
  return refusal(response, operation, parse(await response.body.text()));
}

/**
 * Reads a list. What is no list, though the status was 200, is an error and not an empty list: believed, it
 * would say that every object is gone.
 */
export function readPage<T extends KubeObject>(answer: unknown, operation: Operation): Page<T> {
  const { items, metadata } = answer as {
    items?: T[] | null;
    metadata?: { resourceVersion?: string; continue?: string };
  };
  const list = items ?? []; // Go writes an empty list as null.
  if (items === undefined || !Array.isArray(list) || !metadata?.resourceVersion)
    throw unexpected(operation, 'no list');
  const { resourceVersion, continue: next } = metadata;
  return { items: list, resourceVersion, ...(next ? { continue: next } : {}) };
}

/** Reads one object. Its kind is the caller's word; that it is an object of the API at all is checked. */
export function readObject<T extends KubeObject>(answer: unknown, operation: Operation): T {
  const object = answer as T;
  if (typeof object.metadata?.name !== 'string') throw unexpected(operation, 'no object');
  return object;
}

function unexpected(operation: Operation, what: string): KubeError {
  return new KubeError('Server', `${describe(operation)}: the answer is ${what}`);
}

function refusal(
  { statusCode, headers }: Dispatcher.ResponseData,
  operation: Operation,
  status: unknown,
): KubeError {
  return errorFromStatus(operation, {
    statusCode,
    status,
    retryAfterMs: retryAfterOf(headers['retry-after']),
  });
}

/** The JSON value of a text, or undefined: the parser's own error would quote the body. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
