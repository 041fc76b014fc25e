import { describe, expect, test } from 'vitest';
import { FINALIZER } from '../../../src/api/names.ts';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { decide } from '../../../src/certificate/decide.ts';
import { due, nextDueAt } from '../../../src/certificate/revoke-time.ts';
import {
  fitting,
  owed,
  replacedEntry,
  type Superseded,
  supersededAfter,
} from '../../../src/certificate/superseded.ts';
import { isLiving, type Living, type World } from '../../../src/certificate/world.ts';
import {
  certificateFacts,
  NOW,
  originCertificate,
  pendingOf,
  record,
  targetFacts,
  withAnnotations,
  worldOf,
} from './fixtures.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const issuerRef = { kind: 'OriginIssuer', name: 'cloudflare' } as const;
const REKEY = { 'originca.dev/rekey-requested-at': 'now' };

function ago(ms: number): string {
  return new Date(NOW - ms).toISOString();
}

/** One that was replaced an hour ago and is to be revoked after a day. */
function entry(change: Partial<Superseded> = {}): Superseded {
  return { id: '7', supersededAt: ago(HOUR), revoke: 'Superseded', issuedFor: 'uid-1', issuerRef, ...change };
}

interface Given extends Partial<World> {
  readonly spec?: Partial<OriginCertificate['spec']>;
  readonly annotations?: Record<string, string>;
  readonly superseded?: Superseded[];
}

/** A world in order, with `superseded: Revoke` and these entries in its status. */
function world({ spec, annotations = {}, superseded = [], ...change }: Given = {}): Living {
  const wanted = { revocation: { superseded: 'Revoke' as const }, ...spec };
  const certificate = {
    ...originCertificate(wanted, { annotations, finalizers: superseded.length > 0 ? [FINALIZER] : [] }),
    status: { superseded },
  };
  const made = worldOf({ certificate, ...change });
  if (!isLiving(made)) throw new Error('no object');
  return made;
}

describe('what is to be revoked', () => {
  test('is entered with its key read from its own Secret, and the issuer that issued it', () => {
    expect(replacedEntry(world())).toMatchObject({
      id: '1001',
      revoke: 'Superseded',
      issuedFor: 'uid-1',
      issuerRef,
    });
  });

  test('is what a former Secret holds, as long as the target holds but a temporary pair', () => {
    const signer = { trusted: false, issuer: 'origin-ca-operator temporary certificate' };
    const temporary = targetFacts({ uid: 'secret-uid-2' }, { id: '2002', ...signer });
    const former = targetFacts({ name: 'old-tls' });
    const formerTemporary = targetFacts({ name: 'older-tls' }, { id: '2003', ...signer });
    const given = { target: temporary, formers: [formerTemporary, former] };
    expect(replacedEntry(world(given))).toMatchObject({ id: '1001', revoke: 'Superseded' });
    const pair = { state: 'MissingData', problem: 'tls.crt missing' } as const;
    const emptied = { ...given, target: { ...temporary, pair } };
    expect(replacedEntry(world(emptied))).toMatchObject({ id: '1001', revoke: 'Superseded' });
  });

  test.each<[string, Given]>([
    ['by default', { spec: { revocation: {} } }],
    ['under Retain', { spec: { revocation: { superseded: 'Retain' } } }],
    [
      'when it was issued for another object',
      { target: withAnnotations(targetFacts(), { issuedFor: 'uid-2' }) },
    ],
    [
      'when nobody knows for whom it was issued',
      { target: withAnnotations(targetFacts(), { issuedFor: '' }) },
    ],
    [
      'when its key does not lie beside it: anybody can plant a certificate',
      {
        target: targetFacts({
          pair: { state: 'InvalidKeyPair', problem: '', certificate: certificateFacts() },
        }),
      },
    ],
    ['when there is none', { target: undefined }],
  ])('is not entered: %s', (_, given) => {
    expect(replacedEntry(world(given))).toBeUndefined();
  });

  test('is entered whatever the spec says when a person says that the key leaked', () => {
    expect(replacedEntry(world({ spec: { revocation: {} }, annotations: REKEY }))).toMatchObject({
      id: '1001',
      revoke: 'Rekeyed',
    });
  });

  test('is not entered for a rekey that was done already', () => {
    const handledRekeyRequest = '1001:now';
    const target = withAnnotations(targetFacts(), { handledRekeyRequest });
    expect(replacedEntry(world({ spec: { revocation: {} }, annotations: REKEY, target }))).toBeUndefined();
  });

  test.each<[string, Partial<Superseded>, Given]>([
    ['Retain is asked for now', {}, { spec: { revocation: { superseded: 'Retain' } } }],
    ['it was issued for an object that is gone', { issuedFor: 'uid-0' }, {}],
    ['it is revoked', { revokedAt: ago(0) }, {}],
    ['it is kept for a reason', { keptBecause: 'why' }, {}],
    ['it has expired', { notAfter: ago(1) }, {}],
    ['its id is none', { id: '../zones' }, {}],
    ['its time is none', { supersededAt: 'once' }, {}],
    ['this process knows better', {}, { revocations: new Map([['7', { revokedAt: NOW }]]) }],
  ])('is nothing: %s', (_, change, given) => {
    expect(owed(world({ superseded: [entry(change)], ...given }))).toEqual([]);
  });
});

test('is nothing that was replaced under Retain', () => {
  expect(owed(world({ superseded: [{ id: '7', supersededAt: ago(HOUR) }] }))).toEqual([]);
});

describe('the time for it comes', () => {
  const after = (grace: string): Given => ({
    spec: { revocation: { superseded: 'Revoke', gracePeriod: grace } },
  });
  const replaced = (ms: number): Superseded[] => [entry({ supersededAt: ago(ms) })];
  const rekeyed = (ms: number): Superseded[] => [entry({ revoke: 'Rekeyed', supersededAt: ago(ms) })];

  test.each<[string, boolean, Given]>([
    ['not within the day that is the default', false, { superseded: replaced(24 * HOUR - 1) }],
    ['after a day where nothing else is said', true, { superseded: replaced(24 * HOUR) }],
    ['not within the grace', false, { ...after('2h'), superseded: replaced(2 * HOUR - 1) }],
    ['after the grace', true, { ...after('2h'), superseded: replaced(2 * HOUR) }],
    ['at once without any', true, { ...after('0s'), superseded: replaced(0) }],
    ['not while origins lag', false, { ...after('0s'), superseded: replaced(HOUR), served: 'Lagging' }],
    ['when they serve it, and not sooner', false, { superseded: replaced(HOUR), served: 'Served' }],
    ['after a rekey: not within a minute where nobody looks', false, { superseded: rekeyed(MINUTE - 1) }],
    ['after a rekey: after a minute where nobody looks', true, { superseded: rekeyed(MINUTE) }],
    ['after a rekey: at once when origins serve it', true, { superseded: rekeyed(0), served: 'Served' }],
    ['after a rekey: not while they lag', false, { superseded: rekeyed(9 * MINUTE), served: 'Lagging' }],
    [
      'after a rekey: after ten minutes all the same',
      true,
      { superseded: rekeyed(10 * MINUTE), served: 'Lagging' },
    ],
    [
      'not while it is known to be in use',
      false,
      { ...after('0s'), superseded: replaced(HOUR), revocations: new Map([['7', { againAt: NOW + 1 }]]) },
    ],
  ])('%s', (_, expected, given) => {
    const found = world(given);
    expect(due(found).length > 0).toBe(expected);
    expect(decide(found)).toMatchObject(
      expected ? { type: 'RevokeSuperseded' } : { type: 'Done', wakeAt: nextDueAt(found) },
    );
  });
});

describe('a revocation', () => {
  const superseded = [entry({ supersededAt: ago(48 * HOUR) })];
  const failure = {
    reason: 'CloudflareUnavailable',
    message: 'no answer',
    rayId: undefined,
    count: 1,
    since: NOW,
    lastTime: NOW,
    nextTime: NOW + 5000,
  } as const;

  test.each<[string, string, Given]>([
    ['comes after an issuance that is due', 'Issue', { superseded, target: undefined }],
    [
      'comes after an issuance under way',
      'Wait',
      { superseded, pending: pendingOf({ replaces: '1001' }), waits: { postMs: 9, writeMs: 9 } },
    ],
    [
      'waits while the object is suspended',
      'Refuse',
      { superseded, spec: { suspend: true, revocation: { superseded: 'Revoke' } } },
    ],
    [
      'waits while the object is held',
      'Refuse',
      { superseded, annotations: { 'originca.dev/hold-until': '2027-01-01T00:00:00Z' } },
    ],
    ['waits while the clock is wrong', 'Refuse', { superseded, clockSkew: 'The clock is wrong.' }],
    ['waits after a failure of its own', 'Refuse', { superseded, revokeFailure: failure }],
    ['waits for no other failure', 'RevokeSuperseded', { superseded, failure, mendFailure: failure }],
    [
      'is made while an issuance is refused',
      'RevokeSuperseded',
      {
        superseded,
        spec: { hostnames: ['other.example.com'], revocation: { superseded: 'Revoke' } },
        failure,
      },
    ],
  ])('%s', (_, expected, given) => {
    expect(decide(world(given)).type).toBe(expected);
  });

  test('that fails does not delay a renewal', () => {
    const annotations = { 'originca.dev/renew-requested-at': 'now' };
    expect(decide(world({ superseded, revokeFailure: failure, annotations }))).toMatchObject({
      type: 'Issue',
    });
  });

  test('wakes an object whose issuance is refused when its own time comes', () => {
    const soon = [entry({ supersededAt: ago(24 * HOUR - MINUTE) })];
    const spec = { hostnames: ['other.example.com'], revocation: { superseded: 'Revoke' as const } };
    const action = decide(world({ superseded: soon, spec, failure: { ...failure, nextTime: NOW + HOUR } }));
    expect(action).toMatchObject({ type: 'Refuse', retryMs: MINUTE });
  });
});

describe('the list in the status', () => {
  const many = (count: number, change: Partial<Superseded> = {}): Superseded[] =>
    Array.from({ length: count }, (_, index) => entry({ id: String(index + 1), ...change }));
  const ids = (list: readonly Superseded[] | undefined): string[] => (list ?? []).map(({ id }) => id);

  test('keeps the newest five', () => {
    const retained = many(7).map(({ id, supersededAt }) => ({ id, supersededAt }));
    expect(ids(supersededAfter(world({ superseded: retained }), record()))).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
  });

  test('never drops one that is still to be revoked', () => {
    expect(ids(supersededAfter(world({ superseded: many(30) }), record()))).toHaveLength(30);
  });

  test('does not name what the Secret holds, unless it is about to be replaced', () => {
    const superseded = [entry({ id: '1001' })];
    expect(supersededAfter(world({ superseded }), record())).toBeUndefined();
    const entering = entry({ id: '1001', supersededAt: ago(0) });
    expect(supersededAfter(world({ superseded }), record(), entering)).toEqual([entering]);
  });

  test('keeps what is being replaced as long as its successor may still be written', () => {
    const superseded = [entry({ id: '1001' })];
    expect(supersededAfter(world({ superseded, pending: pendingOf() }), record())).toEqual(superseded);
  });

  test('forgets what was to be revoked when Retain is asked for, so that a later Revoke does not revive it', () => {
    const retain = { revocation: { superseded: 'Retain' as const } };
    const list = supersededAfter(world({ superseded: [entry()], spec: retain }), record());
    expect(list).toEqual([{ id: '7', supersededAt: ago(HOUR) }]);
  });

  test('keeps a rekeyed one to be revoked whatever is asked for', () => {
    const retain = { revocation: { superseded: 'Retain' as const } };
    const rekeyed = entry({ revoke: 'Rekeyed' });
    expect(supersededAfter(world({ superseded: [rekeyed], spec: retain }), record())).toEqual([rekeyed]);
  });

  test('enters what the Secret says was replaced as one that stays valid: anybody can plant an annotation', () => {
    const list = supersededAfter(world(), record({ previousCertificateId: '999' }));
    expect(list).toEqual([{ id: '999', supersededAt: '2026-11-21T12:00:00Z' }]);
    expect(
      supersededAfter(world(), record({ previousCertificateId: '999', issuedFor: 'uid-2' })),
    ).toBeUndefined();
  });

  test('lets a renewal on request wait at fifty to be revoked, and no other', () => {
    const requested = { 'originca.dev/renew-requested-at': 'now' };
    const crowd = many(50);
    expect(decide(world({ superseded: crowd, annotations: requested }))).toMatchObject({
      reason: 'IssuanceLoop',
    });
    expect(decide(world({ superseded: many(49), annotations: requested }))).toMatchObject({ type: 'Issue' });
    expect(decide(world({ superseded: crowd, target: undefined }))).toMatchObject({ type: 'Issue' });
  });
});

describe('the list that goes into the status of an object that is being deleted', () => {
  const certificate = originCertificate({ revocation: { superseded: 'Revoke' } });
  const many = (count: number, change: Partial<Superseded>): Superseded[] =>
    Array.from({ length: count }, (_, index) => entry({ id: `${index}`, ...change }));

  test('is as long as the schema takes, and what is to be revoked stays in it', () => {
    const owing = many(60, { revoke: 'Rekeyed' });
    const list = fitting(certificate, [...many(60, { revokedAt: ago(HOUR) }), ...owing], NOW);
    expect(list).toHaveLength(100);
    expect(list.slice(40)).toEqual(owing);
  });

  test('loses the oldest where all are to be revoked', () => {
    const owing = many(101, { revoke: 'Rekeyed' });
    expect(fitting(certificate, owing, NOW)).toEqual(owing.slice(0, 100));
  });
});
