import { beforeEach, describe, expect, test } from 'vitest';
import type { OriginCertificate, OriginIssuer } from '../../src/api/v1alpha1.ts';
import type { SecretFacts } from '../../src/secret-facts.ts';
import type { Stores } from '../../src/stores.ts';
import { createWakers, type Wakers } from '../../src/wakers.ts';
import { originCertificate, targetFacts, withAnnotations } from './certificate/fixtures.ts';
import { issuerWith } from './issuer/fixtures.ts';

const web = originCertificate();
const api = originCertificate({}, { name: 'api', uid: 'uid-2' });
const issuer = { kind: 'OriginIssuer', namespace: 'shop', name: 'cloudflare' } as const;

let woken: { certificates: string[]; issuers: string[] };
let wakers: Wakers;
let kept: SecretFacts[];
let living: OriginCertificate[];

function deleted(before: OriginIssuer): OriginIssuer {
  return { ...before, metadata: { ...before.metadata, deletionTimestamp: '2026-11-21T12:00:00Z' } };
}

const pending = (certificate: string, uid: string): SecretFacts =>
  withAnnotations(targetFacts({ name: `originca-pending-${uid}`, type: 'originca.dev/pending' }), {
    certificate,
    certificateUid: uid,
  });

beforeEach(() => {
  woken = { certificates: [], issuers: [] };
  kept = [];
  living = [web, api];
  const stores = {
    certificates: {
      get: ({ name }: { name: string }) => living.find(({ metadata }) => metadata.name === name),
    },
    secretsKeptBy: () => kept,
    certificatesNaming: (_: string, secretName: string) =>
      living.filter(({ spec }) => spec.secretName === secretName),
    certificatesOf: () => living,
  } as unknown as Stores;
  wakers = createWakers(
    {
      certificates: { add: (key) => void woken.certificates.push(key) },
      issuers: { add: (key) => void woken.issuers.push(key) },
    },
    () => stores,
  );
});

const keys = (): string[] => [...new Set(woken.certificates)].toSorted();

describe('who looks', () => {
  test('when a certificate changes: it, and all that name its Secret, before or now', () => {
    living = [originCertificate({ secretName: 'new' }), api];
    wakers.certificateChanged('shop/web', originCertificate({ secretName: 'new' }), web);
    expect(keys()).toEqual(['shop/api', 'shop/web']);
  });

  test('when a certificate goes: what it left unfinished, under its uid', () => {
    kept = [pending('web', 'uid-1')];
    living = [];
    wakers.certificateChanged('shop/web', undefined, web);
    expect(keys()).toEqual(['shop/web', 'shop/web#uid-1']);
  });

  test('when a target changes: its keeper, and all that name it', () => {
    wakers.secretChanged(withAnnotations(targetFacts(), { certificate: 'former' }));
    expect(keys()).toEqual(['shop/api', 'shop/former', 'shop/web']);
  });

  test('when a pending Secret changes: its object, or what is left of an object that is gone', () => {
    wakers.secretChanged(pending('web', 'uid-1'));
    expect(keys()).toEqual(['shop/web']);
    wakers.secretChanged(pending('web', 'uid-0'));
    expect(keys()).toEqual(['shop/web', 'shop/web#uid-0']);
  });

  test.each([
    ['comes', issuerWith(), undefined],
    ['goes', undefined, issuerWith()],
    ['is re-created', issuerWith({ uid: 'uid-2' }), issuerWith()],
    ['has another spec', issuerWith({ generation: 2 }), issuerWith()],
    ['is being deleted', deleted(issuerWith()), issuerWith()],
  ])('when an issuer %s: it, and its certificates', (_, current, previous) => {
    wakers.issuerChanged(issuer, current, previous);
    expect(woken).toEqual({
      issuers: ['OriginIssuer/shop/cloudflare'],
      certificates: ['shop/web', 'shop/api'],
    });
  });

  test('when the status of an issuer is written: it alone; when its session changes, its certificates alone', () => {
    wakers.issuerChanged(issuer, issuerWith({ status: { observedGeneration: 1 } }), issuerWith());
    expect(woken).toEqual({ issuers: ['OriginIssuer/shop/cloudflare'], certificates: [] });
    wakers.sessionChanged(issuer);
    expect(woken.issuers).toHaveLength(1);
    expect(keys()).toEqual(['shop/api', 'shop/web']);
  });
});
