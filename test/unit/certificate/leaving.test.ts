import { describe, expect, test } from 'vitest';
import { FINALIZER } from '../../../src/api/names.ts';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { decide } from '../../../src/certificate/decide.ts';
import { ALL_TURNS } from '../../../src/certificate/incidents.ts';
import type { Superseded } from '../../../src/certificate/superseded.ts';
import type { Leaving, World } from '../../../src/certificate/world.ts';
import type { SecretFacts } from '../../../src/secret-facts.ts';
import { NOW, originCertificate, pendingOf, targetFacts, withAnnotations, worldOf } from './fixtures.ts';

const MINUTE = 60_000;
const issuerRef = { kind: 'OriginIssuer', name: 'cloudflare' } as const;
const ON_DELETE = { secretDeletionPolicy: 'Delete', revocation: { onDelete: 'Revoke' } } as const;
const owners = [
  { apiVersion: 'originca.dev/v1alpha1', kind: 'OriginCertificate', name: 'web', uid: 'uid-1' },
];
const owned = (change: Partial<SecretFacts> = {}): SecretFacts => targetFacts({ owners, ...change });

function entry(change: Partial<Superseded> = {}): Superseded {
  const supersededAt = new Date(NOW - MINUTE).toISOString();
  return { id: '1001', supersededAt, revoke: 'Deleted', issuedFor: 'uid-1', issuerRef, ...change };
}

interface Given extends Partial<Omit<World, 'leaving'>> {
  readonly spec?: Partial<OriginCertificate['spec']>;
  readonly finalizers?: string[];
  readonly status?: OriginCertificate['status'];
  readonly leaving?: Partial<Leaving>;
}

/** An object with `onDelete: Revoke` and its Secret, being deleted. */
function world(given: Given = {}): World {
  const { spec = ON_DELETE, finalizers = [FINALIZER], status = {}, leaving, ...change } = given;
  const deletionTimestamp = new Date(NOW).toISOString();
  const made = { ...originCertificate(spec, { finalizers, deletionTimestamp }), status };
  return worldOf({
    certificate: undefined,
    leaving: { certificate: made, leftMs: 5 * MINUTE, token: 'known', ...leaving },
    target: owned(),
    ...change,
  });
}

const shown = { id: '1001', issuedFor: 'uid-1', notAfter: new Date(NOW + MINUTE).toISOString() } as never;
const replaced = { superseded: [entry({ id: '7', revoke: 'Superseded' })] };
const superseding = (gracePeriod: string) => ({ revocation: { superseded: 'Revoke', gracePeriod } }) as const;
const marked = { superseded: [entry()] };
const failure = {
  reason: 'CloudflareUnavailable',
  message: '',
  rayId: undefined,
  count: 1,
  since: NOW,
  lastTime: NOW,
  nextTime: NOW + 9000,
} as const;

describe('an object that is being deleted', () => {
  test.each<[string, object, Given]>([
    [
      'settles an issuance under way first',
      { type: 'Wait', ms: 7 },
      { pending: pendingOf(), waits: { postMs: 7, writeMs: 7 } },
    ],
    ['looks for what an issuance left', { type: 'Settle' }, { pending: pendingOf() }],
    [
      'has finished what its Secret holds',
      { type: 'Discard' },
      { pending: pendingOf({ keyDigest: 'key-1' }) },
    ],
    [
      'notes what its Secret holds before that is deleted',
      { type: 'NoteDeleted', entries: [{ id: '1001', revoke: 'Deleted', issuedFor: 'uid-1', issuerRef }] },
      {},
    ],
    [
      'notes what the status showed when the Secret went before it',
      { type: 'NoteDeleted', entries: [{ id: '1001' }] },
      { target: undefined, status: { certificate: shown } },
    ],
    [
      'deletes the Secret once that is noted',
      { type: 'DeleteSecret', secret: { name: 'web-tls' } },
      { status: marked },
    ],
    [
      'deletes a former Secret too',
      { type: 'DeleteSecret', secret: { name: 'old-tls' } },
      { target: undefined, formers: [owned({ name: 'old-tls' })], status: marked },
    ],
    [
      'waits for a Secret that somebody else holds',
      { type: 'Wait' },
      { target: owned({ deleting: true }), status: marked },
    ],
    [
      'revokes once the Secret is gone',
      { type: 'RevokeSuperseded', entries: [{ id: '1001' }] },
      { target: undefined, status: marked },
    ],
    [
      'waits for its turn to revoke, as everybody',
      { type: 'AwaitTurn', request: 'revocation' },
      { target: undefined, status: marked, turns: { ...ALL_TURNS, revocation: false } },
    ],
    [
      'waits for its turn to revoke what an issuance left',
      { type: 'AwaitTurn', request: 'settlement' },
      {
        pending: pendingOf({ postedAt: '', revoke: ['7'] }),
        turns: { ...ALL_TURNS, settlement: false },
      },
    ],
    [
      'revokes what was replaced and has had its grace',
      { type: 'RevokeSuperseded', entries: [{ id: '7' }] },
      { spec: superseding('30s'), status: replaced },
    ],
    [
      'leaves valid what was replaced and has its grace still, and says so',
      { type: 'LetGo', left: ['7'], why: 'their grace is not over' },
      { spec: superseding('2m'), status: replaced },
    ],
    [
      'revokes what leaked without any grace',
      { type: 'RevokeSuperseded', entries: [{ id: '8' }] },
      {
        spec: superseding('2m'),
        status: { superseded: [...replaced.superseded, entry({ id: '8', revoke: 'Rekeyed' })] },
      },
    ],
    [
      'revokes what was replaced without its grace where it revokes what is in use',
      { type: 'RevokeSuperseded', entries: [{ id: '7' }] },
      {
        spec: { ...ON_DELETE, revocation: { superseded: 'Revoke', onDelete: 'Revoke' } },
        target: undefined,
        status: replaced,
      },
    ],
    [
      'goes when all is revoked',
      { type: 'LetGo', left: [] },
      { target: undefined, status: { superseded: [entry({ revokedAt: new Date(NOW).toISOString() })] } },
    ],
    [
      'goes when this process knows that all is revoked',
      { type: 'LetGo', left: [] },
      { target: undefined, status: marked, revocations: new Map([['1001', { revokedAt: NOW }]]) },
    ],
    [
      'goes when the guard keeps what is left',
      { type: 'LetGo', left: [] },
      { target: undefined, status: marked, revocations: new Map([['1001', { keptBecause: 'in use' }]]) },
    ],
  ])('%s', (_, expected, given) => {
    expect(decide(world(given))).toMatchObject(expected);
  });

  test.each<[string, Given]>([
    ['with onDelete Retain', { spec: { secretDeletionPolicy: 'Delete' } }],
    ['that --cascade=orphan keeps', { finalizers: [FINALIZER, 'orphan'] }],
    ['that does not belong to it', { target: targetFacts() }],
    ['that another certificate keeps', { target: withAnnotations(owned(), { certificate: 'other' }) }],
  ])('neither deletes a Secret nor revokes what it holds: one %s', (_, given) => {
    const status = { certificate: shown };
    expect(decide(world({ status, ...given }))).toMatchObject({ type: 'LetGo', left: [] });
  });

  test.each<[string, Given]>([
    [
      'what was issued for another object',
      { target: withAnnotations(owned(), { issuedFor: 'uid-0' }), status: { certificate: shown } },
    ],
    [
      'what a restored status shows of an object that is gone',
      { target: undefined, status: { certificate: { ...(shown as object), issuedFor: 'uid-0' } as never } },
    ],
    [
      'a status that does not say for whom',
      { target: undefined, status: { certificate: { id: '1001' } as never } },
    ],
    [
      'a planted certificate without its key',
      { target: owned({ pair: { state: 'InvalidKeyPair', problem: '' } }) },
    ],
  ])('notes nothing to be revoked: %s', (_, given) => {
    expect(decide(world(given)).type).not.toBe('NoteDeleted');
  });

  test.each<[string, object, Given]>([
    ['when five minutes are over', { type: 'LetGo', left: ['1001'] }, { leaving: { leftMs: 0 } }],
    ['when no issuer has a token', { type: 'LetGo', left: ['1001'] }, { leaving: { token: 'gone' } }],
    [
      'when no issuer has a token to settle with',
      { type: 'LetGo', left: [] },
      { leaving: { token: 'gone' }, pending: pendingOf(), target: undefined },
    ],
  ])('is never held for long: it goes %s', (_, expected, given) => {
    expect(decide(world(given))).toMatchObject(expected);
  });

  test.each<[string, number, Given]>([
    ['while a token is checked', 5000, { leaving: { token: 'awaited' } }],
    ['while the clock is wrong', 5000, { clockSkew: 'The clock is wrong.' }],
    [
      'while it is doubted that there is nothing to revoke',
      7000,
      { revocations: new Map([['1001', { againAt: NOW + 7000 }]]) },
    ],
    ['after a failure', 9000, { revokeFailure: failure }],
    ['never past its time', 1000, { revokeFailure: failure, leaving: { leftMs: 1000 } }],
  ])('waits to revoke %s', (_, ms, given) => {
    expect(decide(world({ target: undefined, status: marked, ...given }))).toEqual({ type: 'Wait', ms });
  });
});

describe('the finalizer', () => {
  const living = (given: Given): World => {
    const { spec = {}, finalizers = [], status = {}, leaving: _, ...change } = given;
    return worldOf({
      certificate: { ...originCertificate(spec, { finalizers }), status },
      target: owned(),
      ...change,
    });
  };
  const superseded = { superseded: 'Revoke' } as const;

  test.each<[string, string, Given]>([
    ['is put on before anything is issued', 'Protect', { spec: ON_DELETE, target: undefined }],
    [
      'is put on before a POST is repeated',
      'Protect',
      { spec: ON_DELETE, pending: pendingOf({ postedAt: '' }), target: undefined },
    ],
    [
      'is put on while something is to be revoked',
      'Protect',
      {
        spec: { revocation: superseded },
        status: { superseded: [entry({ id: '7', revoke: 'Superseded' })] },
      },
    ],
    ['is not touched while the object is suspended', 'Refuse', { spec: { ...ON_DELETE, suspend: true } }],
    ['is taken off when nothing is to be revoked', 'Unprotect', { finalizers: [FINALIZER] }],
    [
      'stays while it is asked for',
      'Done',
      { spec: { revocation: { onDelete: 'Revoke' } }, target: targetFacts(), finalizers: [FINALIZER] },
    ],
    [
      'is put on before one is asked for whose predecessor is to be revoked',
      'Protect',
      { spec: { revocation: superseded, hostnames: ['new.example.com'] }, target: targetFacts() },
    ],
    [
      'is not asked for where the predecessor stays valid',
      'Issue',
      { spec: { hostnames: ['new.example.com'] }, target: targetFacts() },
    ],
    [
      'stays while the next one is asked for',
      'Issue',
      {
        spec: { revocation: superseded, hostnames: ['new.example.com'] },
        target: targetFacts(),
        finalizers: [FINALIZER],
      },
    ],
    ['is not asked for by default', 'Done', { target: targetFacts() }],
    [
      'is not asked for by superseded Revoke alone',
      'Done',
      { spec: { revocation: superseded }, target: targetFacts() },
    ],
  ])('%s', (_, expected, given) => {
    expect(decide(living({ ...given, ...(given.finalizers && { target: targetFacts() }) })).type).toBe(
      expected,
    );
  });
});
