import { hash } from 'node:crypto';
import type { Answer } from './calls.ts';
import type { Objects } from './state.ts';

const digests = new WeakMap<object, string>();

/** Names a value that never changes by all that is in it; worked out once. */
export function digestOf(value: object, read: () => string = () => JSON.stringify(value)): string {
  const known = digests.get(value) ?? digest(read());
  digests.set(value, known);
  return known;
}

/** Names a text: the same for the same text, and in all likelihood another for any other. */
export function digest(text: string): string {
  return hash('sha1', text, 'base64url');
}

/** Most objects are the same as a moment before: each is looked at once. */
export function digestOfObjects(api: Objects): string {
  return digestOf(
    api,
    () =>
      [...Object.values(api.certificates), ...Object.values(api.secrets), api.issuers, api.births]
        .map((object) => digestOf(object))
        .join() + String([api.isTerminating, api.isKeptElsewhere]),
  );
}

/** Names an answer by all that a pass can read in it. */
export function digestOfAnswer(answer: Answer): string {
  if (!('ok' in answer)) return JSON.stringify(answer);
  const { ok } = answer;
  return typeof ok === 'object' && ok !== null ? digestOf(ok) : JSON.stringify({ ok });
}
