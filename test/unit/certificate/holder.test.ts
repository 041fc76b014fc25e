import { describe, expect, test } from 'vitest';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { holderOf } from '../../../src/certificate/holder.ts';
import type { SecretFacts } from '../../../src/secret-facts.ts';
import type { Stores } from '../../../src/stores.ts';
import { originCertificate, targetFacts, withAnnotations } from './fixtures.ts';

const web = originCertificate({}, { creationTimestamp: '2026-11-02T00:00:00Z', uid: 'b' });
const named = (
  name: string,
  metadata: Partial<OriginCertificate['metadata']> = {},
  spec: Partial<OriginCertificate['spec']> = {},
): OriginCertificate =>
  originCertificate(spec, { name, uid: name, creationTimestamp: '2026-11-03T00:00:00Z', ...metadata });

/** The holder of web's Secret where these other certificates exist; the caches know those that name the Secret. */
function holder(target: SecretFacts | undefined, others: readonly OriginCertificate[] = [], ours = web) {
  const stores = {
    certificatesNaming: (_namespace: string, secretName: string) =>
      [ours, ...others].filter(({ spec }) => spec.secretName === secretName),
  } as unknown as Stores;
  return holderOf(ours, target, stores, {
    certificate: ({ name }) => Promise.resolve(others.find(({ metadata }) => metadata.name === name)),
  });
}

const of = (keeper: string | undefined) => withAnnotations(targetFacts(), { certificate: keeper });

describe('the Secret belongs', () => {
  test.each<[string, object, SecretFacts | undefined, OriginCertificate[]]>([
    ['to nobody of ours without a name on it', { kind: 'foreign' }, of(undefined), []],
    [
      'to the one named on it',
      { kind: 'this' },
      of('web'),
      [named('older', { creationTimestamp: '2020-01-01T00:00:00Z' })],
    ],
    ['to another named on it, also a younger one', { kind: 'other', name: 'api' }, of('api'), [named('api')]],
    ['to us when the one named on it is gone', { kind: 'this' }, of('api'), []],
    [
      'to us when the one named on it is being deleted',
      { kind: 'this' },
      of('api'),
      [named('api', { deletionTimestamp: '2026-11-04T00:00:00Z' })],
    ],
    [
      'to us when the one named on it names another Secret now',
      { kind: 'this' },
      of('api'),
      [named('api', {}, { secretName: 'x' })],
    ],
    [
      'to the oldest while there is none',
      { kind: 'other', name: 'api' },
      undefined,
      [named('api', { creationTimestamp: '2026-11-01T00:00:00Z' })],
    ],
    ['to us while there is none and the others are younger', { kind: 'this' }, undefined, [named('api')]],
    [
      'to the smaller uid of two of one second',
      { kind: 'other', name: 'api' },
      undefined,
      [named('api', { creationTimestamp: '2026-11-02T00:00:00Z', uid: 'a' })],
    ],
  ])('%s', async (_, expected, target, others) => {
    expect(await holder(target, others)).toEqual(expected);
  });
});

describe('a foreign Secret that several name may be taken over', () => {
  const adopt = { existingSecret: 'Adopt' } as const;
  const older = { creationTimestamp: '2026-11-01T00:00:00Z' };
  test.each<[string, object, OriginCertificate[]]>([
    ['by us, where an older one would leave it', { kind: 'foreign' }, [named('api', older)]],
    ['by us, where a younger one would take it too', { kind: 'foreign' }, [named('api', {}, adopt)]],
    ['by the oldest of those that would', { kind: 'other', name: 'api' }, [named('api', older, adopt)]],
  ])('%s', async (_, expected, others) => {
    const ours = originCertificate(adopt, { ...web.metadata });
    expect(await holder(of(undefined), others, ours)).toEqual(expected);
  });
});
