import { describe, KubeError, type Operation } from './errors.ts';
import type { KubeObject } from './object.ts';

export interface Page<T> {
  readonly items: T[];
  readonly resourceVersion: string;
  /** Absent on the last page. */
  readonly continue?: string;
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
