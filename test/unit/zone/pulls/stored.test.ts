import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION, ORIGIN_PULL_SECRET_TYPE } from '../../../../src/api/names.ts';
import type { Secret } from '../../../../src/kube/object.ts';
import {
  createAuthority,
  issueClientCertificate,
  type PemPair,
  readAuthority,
  type SigningAuthority,
} from '../../../../src/pki/authority.ts';
import { encode } from '../../../../src/secret-facts.ts';
import { movedData, pairIn, pullSecretName, slotData, storeOf } from '../../../../src/zone/pulls/stored.ts';
import { anyText, fuzz } from '../../../support/fuzz.ts';
import { NOW } from './worlds.ts';

let ca: PemPair;
let authority: SigningAuthority;
let leaf: PemPair;

beforeAll(async () => {
  ca = await createAuthority('example.com', NOW);
  const read = readAuthority(ca.certificate, ca.privateKey);
  if ('problem' in read) throw new Error(read.problem);
  authority = read;
  leaf = await issueClientCertificate(authority, 'example.com', NOW);
});

/** Our Secret with these texts. */
function secret(texts: Record<string, string>, parts: Partial<Secret> = {}, annotations = {}): Secret {
  return {
    metadata: {
      name: pullSecretName('example.com'),
      namespace: 'originca-system',
      uid: 'uid',
      resourceVersion: '7',
      annotations: { [ANNOTATION.originZone]: 'example.com', ...annotations },
    },
    type: ORIGIN_PULL_SECRET_TYPE,
    data: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, encode(text)])),
    ...parts,
  };
}

const whole = (): Record<string, string> => ({
  'ca.crt': ca.certificate,
  'ca.key': ca.privateKey,
  'tls.crt': leaf.certificate,
  'tls.key': leaf.privateKey,
});

const fingerprint = (pem: string): string => new X509Certificate(pem).fingerprint256;

describe('an origin-pull Secret', () => {
  test('is read to facts, without any key', () => {
    const annotations = {
      [ANNOTATION.postedAt]: '2026-11-21T12:00:00Z',
      [ANNOTATION.presentingSince]: '2026-11-21T11:00:00Z',
    };
    const store = storeOf(secret(whole(), {}, annotations), 'example.com', undefined);
    expect(store).toMatchObject({
      state: 'ours',
      stored: {
        uid: 'uid',
        resourceVersion: '7',
        ca: { fingerprint: fingerprint(ca.certificate), canSign: true },
        nextCa: undefined,
        leaf: { fingerprint: fingerprint(leaf.certificate), signer: fingerprint(ca.certificate) },
        nextLeaf: undefined,
        postedAt: '2026-11-21T12:00:00Z',
        presentingSince: NOW - 3_600_000,
      },
    });
    expect(JSON.stringify(store)).not.toContain('PRIVATE KEY');
  });

  test('of a given CA has no key of it, and signs with the one that is given', () => {
    const { 'ca.key': _, ...texts } = whole();
    expect(storeOf(secret(texts), 'example.com', authority.certificate)).toMatchObject({
      stored: { ca: { canSign: true } },
    });
    expect(storeOf(secret(texts), 'example.com', undefined)).toMatchObject({
      stored: { ca: { canSign: false } },
    });
  });

  test('whose leaf has no key, or that of another, has no leaf', async () => {
    const other = await issueClientCertificate(authority, 'example.com', NOW);
    for (const key of ['', other.privateKey]) {
      const store = storeOf(secret({ ...whole(), 'tls.key': key }), 'example.com', undefined);
      expect(store).toMatchObject({ state: 'ours', stored: { leaf: undefined } });
    }
  });

  test.each<[string, () => Secret, string]>([
    ['of another type', () => secret(whole(), { type: 'Opaque' }), 'is of type Opaque'],
    [
      'of another zone',
      () => secret(whole(), {}, { [ANNOTATION.originZone]: 'other' }),
      'has not the annotation originca.dev/origin-zone: example.com',
    ],
    ['without a CA', () => secret({ 'tls.crt': 'x' }), 'has no CA under ca.crt'],
  ])('%s cannot be used', (_, made, why) => {
    const store = storeOf(made(), 'example.com', undefined);
    expect(store).toMatchObject({ state: 'unusable' });
    expect(JSON.stringify(store)).toContain(
      `Secret example.com-origin-pull in namespace originca-system ${why}`,
    );
  });

  test('that is not there is absent', () => {
    expect(storeOf(undefined, 'example.com', undefined)).toEqual({ state: 'absent' });
  });
});

describe('a slot', () => {
  test('is filled and emptied', () => {
    expect(
      pairIn(secret({}, { data: slotData('nextLeaf', leaf) as Record<string, string> }), 'nextLeaf'),
    ).toEqual(leaf);
    expect(slotData('nextCa', undefined)).toEqual({ 'next-ca.crt': null, 'next-ca.key': null });
    expect(slotData('ca', { certificate: 'x' })).toEqual({ 'ca.crt': 'eA==', 'ca.key': null });
  });

  test('is moved to another, with what it lacks', () => {
    const data = movedData(
      secret({ 'next-ca.crt': 'next', 'ca.crt': 'old', 'ca.key': 'key' }),
      'nextCa',
      'ca',
    );
    expect(data).toEqual({
      'ca.crt': encode('next'),
      'ca.key': null,
      'next-ca.crt': null,
      'next-ca.key': null,
    });
  });
});

test('whatever stands in an origin-pull Secret, it is read, or it is said to be none', () => {
  const text = fc.oneof(anyText, fc.constantFrom('0', '-1', '+275760-09-13', '2026-11-21T12:00:00Z', 'ca'));
  const annotations = fc.dictionary(fc.constantFrom(ANNOTATION.postedAt, ANNOTATION.presentingSince), text);
  const texts = fc.dictionary(fc.constantFrom(...Object.keys(whole())), fc.option(anyText));
  fc.assert(
    fc.property(texts, annotations, (change, notes) => {
      const changed = Object.entries({ ...whole(), ...change }).filter((entry) => entry[1] !== null);
      const store = storeOf(
        secret(Object.fromEntries(changed) as Record<string, string>, {}, notes),
        'example.com',
        undefined,
      );
      const { presentingSince = 0 } = store.state === 'ours' ? store.stored : {};
      expect(Number.isSafeInteger(presentingSince)).toBe(true);
    }),
    fuzz(200),
  );
});
