import type { X509Certificate } from 'node:crypto';
import { ANNOTATION } from '../../src/api/names.ts';
import type { Secret } from '../../src/kube/object.ts';
import type { Change } from '../../src/kube/copy.ts';
import { inspectPair } from '../../src/pki/inspect.ts';
import { decode } from '../../src/secret-facts.ts';
import { isStrangers } from './marks.ts';

/** What bears this note the operator keeps, whoever made it: people may strip it of all other notes. */
function isKept(secret: Secret | undefined): boolean {
  return secret?.metadata.annotations?.[ANNOTATION.certificate] !== undefined;
}

/**
 * Whether the operator did to a stranger's Secret what it may not. Where people ever asked for it, it may take one over
 * that serves nobody better than it would; from then on that is no stranger's any more.
 */
export function wrongsStranger(
  { previous, current }: Pick<Change<Secret>, 'previous' | 'current'>,
  { adopts, roots }: { readonly adopts: boolean; readonly roots: readonly X509Certificate[] },
): boolean {
  if (previous === undefined || !isStrangers(previous) || isKept(previous)) return false;
  return !(adopts && isKept(current) && mayBeTakenOver(previous, roots));
}

/** As `existingSecret: Adopt` has it: no pair that others may trust, and nothing that seems to be for something else. */
function mayBeTakenOver({ type, data }: Secret, roots: readonly X509Certificate[]): boolean {
  const pair = inspectPair(decode(data?.['tls.crt']), decode(data?.['tls.key']), roots);
  if (pair.state === 'Matching') return pair.certificate.trusted;
  return !(type === 'Opaque' && pair.state === 'MissingData');
}
