import { beforeEach, describe, expect, test } from 'vitest';
import type { OriginCertificate, OriginIssuer, OriginZone } from '../../src/api/v1alpha1.ts';
import type { SecretFacts } from '../../src/secret-facts.ts';
import type { Stores } from '../../src/stores.ts';
import { createWakers, type Wakers } from '../../src/wakers.ts';
import { originCertificate, targetFacts, withAnnotations } from './certificate/fixtures.ts';
import { issuerWith } from './issuer/fixtures.ts';
import { originZone } from './zone/fixtures.ts';

const web = originCertificate();
const readyCondition = { type: 'Ready', status: 'True' };
const api = originCertificate({}, { name: 'api', uid: 'uid-2' });
const issuer = { kind: 'OriginIssuer', namespace: 'shop', name: 'cloudflare' } as const;

let woken: { certificates: string[]; issuers: string[]; zones: string[] };
let wakers: Wakers;
let kept: SecretFacts[];
let living: OriginCertificate[];
let zones: OriginZone[];

function deleted(before: OriginIssuer): OriginIssuer {
  return { ...before, metadata: { ...before.metadata, deletionTimestamp: '2026-11-21T12:00:00Z' } };
}

const pending = (certificate: string, uid: string): SecretFacts =>
  withAnnotations(targetFacts({ name: `originca-pending-${uid}`, type: 'originca.dev/pending' }), {
    certificate,
    certificateUid: uid,
  });

beforeEach(() => {
  woken = { certificates: [], issuers: [], zones: [] };
  kept = [];
  living = [web, api];
  zones = [];
  const stores = {
    certificates: {
      get: ({ name }: { name: string }) => living.find(({ metadata }) => metadata.name === name),
      list: () => living,
    },
    secretsKeptBy: () => kept,
    certificatesNaming: (_: string, secretName: string) =>
      living.filter(({ spec }) => spec.secretName === secretName),
    certificatesOf: () => living,
    zones: { list: () => zones },
  } as unknown as Stores;
  wakers = createWakers(
    {
      certificates: { add: (key) => void woken.certificates.push(key) },
      issuers: { add: (key) => void woken.issuers.push(key) },
      zones: { add: (key) => void woken.zones.push(key) },
    },
    () => stores,
  );
});

const keys = (): string[] => [...new Set(woken.certificates)].toSorted();

describe('who looks', () => {
  test('when a certificate changes: it, and all that name its Secret, before or now', () => {
    const renamed = originCertificate({ secretName: 'new' }, { generation: 2 });
    living = [renamed, api];
    wakers.certificateChanged('shop/web', renamed, web);
    expect(keys()).toEqual(['shop/api', 'shop/web']);
  });

  test('when only the status of a certificate changes: itself, and none of a thousand that name its Secret', () => {
    const told = { ...web, status: { observedGeneration: 1 } };
    wakers.certificateChanged('shop/web', told, web);
    expect(keys()).toEqual(['shop/web']);
  });

  test('when a planted pending Secret names what cannot be: nobody', () => {
    wakers.secretChanged(pending('web', '../../x#y'));
    wakers.secretChanged(pending('web\n', 'uid-1'));
    expect(keys()).toEqual([]);
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
      zones: [],
    });
  });

  test('when the status of an issuer is written: it alone; when its session changes, its certificates alone', () => {
    wakers.issuerChanged(issuer, issuerWith({ status: { observedGeneration: 1 } }), issuerWith());
    expect(woken).toEqual({ issuers: ['OriginIssuer/shop/cloudflare'], certificates: [], zones: [] });
    wakers.sessionChanged(issuer);
    expect(woken.issuers).toHaveLength(1);
    expect(keys()).toEqual(['shop/api', 'shop/web']);
  });
});

describe('which zones look', () => {
  const shop = originZone();
  const inner = originZone({}, { name: 'sub.example.com', uid: 'uid-2' });
  const ready = { ...web, status: { conditions: [readyCondition] } } as unknown as OriginCertificate;

  beforeEach(() => {
    zones = [shop, inner];
  });

  test('when an OriginZone changes: it, and all that are for the same zone, before or now', () => {
    const rival = originZone({ zoneName: 'example.com' }, { name: 'again', uid: 'uid-3' });
    zones = [shop, inner, rival];
    wakers.zoneChanged('again', undefined, rival);
    expect(new Set(woken.zones)).toEqual(new Set(['again', 'example.com']));
  });

  test('when only the status of an OriginZone was written: none', () => {
    wakers.zoneChanged('example.com', { ...shop, status: { observedGeneration: 1 } }, shop);
    expect(woken.zones).toEqual([]);
  });

  test('when an OriginZone is held by its annotation: it', () => {
    const held = originZone({}, { annotations: { 'originca.dev/hold-until': '2027-01-01T00:00:00Z' } });
    wakers.zoneChanged('example.com', held, shop);
    expect(woken.zones).toContain('example.com');
  });

  test.each([
    ['appears', web, undefined],
    ['goes', undefined, web],
    ['becomes ready', ready, web],
  ])('when a certificate %s: that of its names, the longest', (_, current, previous) => {
    wakers.certificateChanged('shop/web', current, previous);
    expect(new Set(woken.zones)).toEqual(new Set(['example.com']));
    const below = originCertificate({ hostnames: ['a.sub.example.com'] });
    wakers.certificateChanged('shop/below', below, undefined);
    expect(woken.zones).toContain('sub.example.com');
  });

  test('when only the status of a certificate changed in other things: none', () => {
    wakers.certificateChanged('shop/web', ready, { ...ready });
    expect(woken.zones).toEqual([]);
  });

  test('when origins changed: their zone, and the certificates with such a name or a wildcard over it', () => {
    living = [
      originCertificate({ hostnames: ['www.example.com'] }, { name: 'exact' }),
      originCertificate({ hostnames: ['*.example.com'] }, { name: 'wild' }),
      originCertificate({ hostnames: ['*.www.example.com', 'example.com'] }, { name: 'other' }),
    ];
    wakers.originsChanged('example.com', ['www.example.com']);
    expect(woken.zones).toEqual(['example.com']);
    expect(keys()).toEqual(['shop/exact', 'shop/wild']);
  });
});
