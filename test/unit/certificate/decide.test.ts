import { describe, expect, test } from 'vitest';
import type { Failure } from '../../../src/certificate/failure.ts';
import { NO_INCIDENTS } from '../../../src/certificate/incidents.ts';
import { decide } from '../../../src/certificate/decide.ts';
import { formatNeed } from '../../../src/certificate/need.ts';
import { unissuedRecord, recordAnnotations } from '../../../src/certificate/record.ts';
import type { World } from '../../../src/certificate/world.ts';
import type { Twin } from '../../../src/known-certificates.ts';
import type { CertificateFacts } from '../../../src/pki/inspect.ts';
import type { SecretFacts } from '../../../src/secret-facts.ts';
import {
  certificateFacts,
  NOW,
  originCertificate,
  pendingOf,
  READY_ISSUER,
  record,
  targetFacts,
  withAnnotations,
  worldOf,
} from './fixtures.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** The action in one line: its type, and what distinguishes it. */
function decided(change: Partial<World>): string {
  const action = decide(worldOf(change));
  switch (action.type) {
    case 'Issue':
      return `Issue ${action.reason}`;
    case 'Refuse':
      return `Refuse ${action.reason}`;
    case 'Wait':
      return `Wait ${action.ms}`;
    case 'Rewrite':
      return `Rewrite ${action.why}`;
    case 'Discard':
      return `Discard ${action.why}`;
    default:
      return action.type;
  }
}

const failure: Failure = {
  reason: 'CloudflareUnavailable',
  message: 'no answer',
  rayId: undefined,
  count: 1,
  since: NOW,
  lastTime: NOW,
  nextTime: NOW + 5000,
};
/** Others are before it. */
const NO_TURNS = { creation: false, search: false, revocation: false, settlement: false };
const broken = (state: 'MissingData' | 'InvalidCertificate' | 'InvalidKeyPair') =>
  targetFacts({ pair: { state, problem: 'broken' } });
const owner = { apiVersion: 'originca.dev/v1alpha1', kind: 'OriginCertificate', name: 'web', uid: 'uid-1' };
const former = () => targetFacts({ name: 'old-tls' });
const foreignName = { kind: 'other', name: 'other' } as const;

/** A second certificate for the key of the target's, issued so many hours ago. */
const twinOf = (hours: number, change: Partial<Twin> = {}): Twin => ({
  id: '1002',
  keyDigest: 'key-1',
  of: '1001',
  notBefore: NOW - hours * HOUR,
  ofNotBefore: NOW - hours * HOUR,
  ...change,
});

describe('a twin', () => {
  test.each<[string, string, Partial<World>]>([
    ['is revoked a day after it was issued', 'RevokeTwins', { twins: [twinOf(24)] }],
    ['is left alone before', 'Done', { twins: [twinOf(23)] }],
    [
      'is revoked when the grace that the spec names is over',
      'RevokeTwins',
      { certificate: originCertificate({ revocation: { gracePeriod: '1h' } }), twins: [twinOf(1)] },
    ],
    [
      'is left alone while its object is suspended',
      'Refuse Suspended',
      { certificate: originCertificate({ suspend: true }), twins: [twinOf(24)] },
    ],
    ['is left alone with a wrong clock', 'Refuse ClockSkew', { clockSkew: 'off', twins: [twinOf(24)] }],
    ['comes after what is to be issued', 'Issue Revoked', { revoked: ['1001'], twins: [twinOf(24)] }],
    [
      'is left alone while its key is not settled',
      'Wait 1000',
      {
        pending: pendingOf({ keyDigest: 'key-1', certificateName: 'other', replaces: '1001' }),
        waits: { postMs: 1000, writeMs: 0 },
        twins: [twinOf(24)],
      },
    ],
  ])('%s', (_, action, change) => {
    expect(decided(change)).toBe(action);
  });

  test('wakes its object when its time comes', () => {
    const action = decide(worldOf({ twins: [twinOf(20)] }));
    expect(action).toEqual({ type: 'Done', wakeAt: NOW + 4 * HOUR });
  });
});

describe('a certificate is issued', () => {
  test.each<[string, string, Partial<World>]>([
    ['when the Secret is missing', 'Issue DoesNotExist', { target: undefined }],
    ['when keys are missing', 'Issue MissingData', { target: broken('MissingData') }],
    [
      'when the certificate cannot be read',
      'Issue InvalidCertificate',
      { target: broken('InvalidCertificate') },
    ],
    ['when the pair does not match', 'Issue InvalidKeyPair', { target: broken('InvalidKeyPair') }],
    [
      'when the issuer is not trusted',
      'Issue UntrustedIssuer',
      { target: targetFacts({}, { trusted: false }) },
    ],
    [
      'when it has expired',
      'Issue Expired',
      { target: targetFacts({}, { notBefore: NOW - 90 * DAY, notAfter: NOW }) },
    ],
    ['when somebody else revoked it', 'Issue Revoked', { revoked: ['1001'] }],
    [
      'when the hostnames change',
      'Issue HostnamesChanged',
      { certificate: originCertificate({ hostnames: ['example.com'] }) },
    ],
    [
      'when the key algorithm changes',
      'Issue KeyChanged',
      { certificate: originCertificate({ privateKey: { algorithm: 'RSA', size: 2048 } }) },
    ],
    [
      'when the key size changes',
      'Issue KeyChanged',
      { certificate: originCertificate({ privateKey: { algorithm: 'ECDSA', size: 384 } }) },
    ],
    [
      'when the validity changes',
      'Issue ValidityChanged',
      { certificate: originCertificate({ validityDays: 365 }) },
    ],
    [
      'when the issuer changes',
      'Issue IssuerChanged',
      { certificate: originCertificate({ issuerRef: { kind: 'ClusterOriginIssuer', name: 'cloudflare' } }) },
    ],
    [
      'when a renewal is asked for',
      'Issue RenewRequested',
      { certificate: originCertificate({}, { annotations: { 'originca.dev/renew-requested-at': 'now' } }) },
    ],
    [
      'when it is due: a third of its life is left',
      'Issue Renewing',
      { target: targetFacts({}, { notBefore: NOW - 62 * DAY, notAfter: NOW + 28 * DAY }) },
    ],
    [
      'when it is due by renewBefore',
      'Issue Renewing',
      { certificate: originCertificate({ renewBefore: '1945h' }), target: targetFacts() },
    ],
  ])('%s', (_, expected, change) => {
    expect(decided(change)).toBe(expected);
  });
});

describe('nothing is issued', () => {
  test.each<[string, string, Partial<World>]>([
    ['when all is in order', 'Done', {}],
    [
      'for hostnames in another order',
      'Done',
      { certificate: originCertificate({ hostnames: ['*.example.com', 'example.com'] }) },
    ],
    [
      'when the spec leaves out what the issuer’s defaults now say otherwise',
      'Done',
      {
        issuer: {
          ...READY_ISSUER,
          defaults: { validityDays: 7, privateKey: { algorithm: 'RSA', size: 4096 } },
        },
      },
    ],
    ['when the issuer is gone', 'Done', { issuer: { state: 'IssuerNotFound', message: '' } }],
    [
      'when the request was handled',
      'Done',
      {
        certificate: originCertificate({}, { annotations: { 'originca.dev/renew-requested-at': 'now' } }),
        target: withAnnotations(targetFacts(), { handledRenewRequest: '1001:now' }),
      },
    ],
    [
      'for an object re-created under a new uid',
      'Done',
      { certificate: originCertificate({}, { uid: 'uid-2' }), target: targetFacts({ uid: 'secret-uid-2' }) },
    ],
    [
      'when suspended, whatever is missing',
      'Refuse Suspended',
      { certificate: originCertificate({ suspend: true }), target: undefined },
    ],
    ['over a foreign Secret', 'Refuse SecretNotManaged', { holder: { kind: 'foreign' } }],
    [
      'over the Secret of another certificate',
      'Refuse SecretConflict',
      { holder: foreignName, target: undefined },
    ],
    [
      'over an immutable Secret',
      'Refuse SecretImmutable',
      { target: targetFacts({ immutable: true }, { notAfter: NOW }) },
    ],
    ['with a wrong clock', 'Refuse ClockSkew', { target: undefined, clockSkew: 'ten minutes off' }],
    [
      'without the issuer',
      'Refuse IssuerNotFound',
      { target: undefined, issuer: { state: 'IssuerNotFound', message: '' } },
    ],
    [
      'without a ready issuer',
      'Refuse IssuerNotReady',
      { target: undefined, issuer: { state: 'IssuerNotReady', message: '' } },
    ],
    [
      'outside allow',
      'Refuse HostnameNotAllowed',
      { target: undefined, issuer: { ...READY_ISSUER, notAllowed: 'no' } },
    ],
    [
      'outside the zones',
      'Refuse HostnameRejected',
      { target: undefined, issuer: { ...READY_ISSUER, noZone: 'no' } },
    ],
    ['before the next attempt is due', 'Refuse CloudflareUnavailable', { target: undefined, failure }],
    ['without budget', 'AwaitTurn', { target: undefined, turns: NO_TURNS }],
    [
      'a fourth time in an hour',
      'Refuse IssuanceLoop',
      { target: undefined, issuedAt: [NOW - 1000, NOW - 2000, NOW - HOUR + 1] },
    ],
    [
      'an eleventh time in a day',
      'Refuse IssuanceLoop',
      { target: undefined, issuedAt: Array.from({ length: 10 }, (_, i) => NOW - (i + 1) * 2 * HOUR) },
    ],
  ])('%s', (_, expected, change) => {
    expect(decided(change)).toBe(expected);
  });

  describe('in an incident of its token', () => {
    const held = { state: 'held', reason: 'CloudflareUnavailable', message: 'all fail' } as const;
    const none = { state: 'none' } as const;
    const said = { reason: 'CloudflareUnavailable', message: 'all fail' };
    const incidents = { creation: held, search: none, revocation: none, settlement: none };

    test('waits for its turn, and says why', () => {
      expect(decide(worldOf({ target: undefined, incidents }))).toEqual({
        type: 'AwaitTurn',
        request: 'creation',
        said,
      });
    });

    test('says so in the same words when the issuer could not be checked either', () => {
      const issuer = { state: 'IssuerNotReady', message: 'unavailable' } as const;
      expect(decide(worldOf({ target: undefined, issuer, incidents }))).toMatchObject({ said });
      expect(decided({ target: undefined, issuer: { state: 'Unchecked' }, incidents })).toBe('AwaitTurn');
    });

    test('tells first what only a person can change', () => {
      const issuer = { ...READY_ISSUER, notAllowed: 'no' };
      expect(decided({ target: undefined, issuer, incidents })).toBe('Refuse HostnameNotAllowed');
    });

    test('tries whether it is over when it is called for that, however lately it failed itself', () => {
      const probe = { ...incidents, creation: { state: 'probe' } } as const;
      expect(decided({ target: undefined, failure, incidents: probe })).toBe('Issue DoesNotExist');
      const own = { ...failure, reason: 'BadResponse' } as const;
      expect(decided({ target: undefined, failure: own, incidents: probe })).toBe('Refuse BadResponse');
    });

    test('looks for what an earlier request left, where listing works', () => {
      const pending = pendingOf();
      expect(decided({ target: undefined, pending, incidents })).toBe('Search');
      const all = { ...incidents, search: held };
      expect(decide(worldOf({ target: undefined, pending, incidents: all }))).toMatchObject({
        type: 'AwaitTurn',
        request: 'search',
      });
    });

    test('revokes while certificates cannot be had, and waits for no turn but that of a revocation', () => {
      const twins = [twinOf(24)];
      const awaits = { type: 'AwaitTurn', request: 'revocation' };
      expect(decided({ twins, incidents })).toBe('RevokeTwins');
      expect(decide(worldOf({ twins, incidents: { ...incidents, revocation: held } }))).toMatchObject({
        ...awaits,
        said,
      });
      const issuer = { state: 'IssuerNotReady', message: 'unavailable' } as const;
      expect(decided({ twins, issuer, incidents })).toBe('Refuse IssuerNotReady');
      expect(decide(worldOf({ twins, turns: NO_TURNS }))).toMatchObject(awaits);
    });

    test('does what needs no request', () => {
      expect(decided({ incidents })).toBe('Done');
    });
  });

  test('twice in an hour is no loop yet', () => {
    expect(decided({ target: undefined, issuedAt: [NOW - 1000, NOW - 2000] })).toBe('Issue DoesNotExist');
  });

  test('the loop message names the field manager that last wrote the Secret', () => {
    const action = decide(
      worldOf({
        target: { ...broken('MissingData'), lastWriter: 'some-tool' },
        issuedAt: [NOW - 1, NOW - 2, NOW - 3],
      }),
    );
    expect(action).toMatchObject({ type: 'Refuse', reason: 'IssuanceLoop' });
    expect(JSON.stringify(action)).toContain('some-tool');
  });
});

describe('a Secret is mended without issuing', () => {
  test.each<[string, string, Partial<World>]>([
    [
      'when our label is stripped',
      'Rewrite label originca.dev/managed',
      { target: targetFacts({ labels: {} }) },
    ],
    [
      'when the certificate id is garbled',
      'Rewrite originca.dev/certificate-id',
      { target: withAnnotations(targetFacts(), { certificateId: 'nonsense' }) },
    ],
    [
      'when the need is stripped',
      'Rewrite originca.dev/need',
      { target: withAnnotations(targetFacts(), { need: undefined }) },
    ],
    [
      'when the need is garbled',
      'Rewrite originca.dev/need',
      { target: withAnnotations(targetFacts(), { need: '{' }) },
    ],
    [
      'when the need names another validity than the certificate has',
      'Rewrite originca.dev/need',
      {
        certificate: originCertificate({ validityDays: 90 }),
        target: withAnnotations(targetFacts(), { need: formatNeed({ ...record().need, validityDays: 30 }) }),
      },
    ],
    [
      'when the handled request is garbled although a renewal was once asked for',
      'Rewrite originca.dev/handled-renew-request',
      {
        certificate: originCertificate({}, { annotations: { 'originca.dev/renew-requested-at': 'once' } }),
        target: withAnnotations(targetFacts(), { handledRenewRequest: 'nonsense' }),
      },
    ],
    [
      'when the handled request is stripped although a renewal was once asked for',
      'Rewrite originca.dev/handled-renew-request',
      {
        certificate: originCertificate({}, { annotations: { 'originca.dev/renew-requested-at': 'once' } }),
        target: withAnnotations(targetFacts(), { handledRenewRequest: undefined }),
      },
    ],
    [
      'when the revision is garbled',
      'Rewrite originca.dev/revision',
      { target: withAnnotations(targetFacts(), { revision: 'x' }) },
    ],
    [
      'when issued-for is stripped',
      'Rewrite originca.dev/issued-for',
      { target: withAnnotations(targetFacts(), { issuedFor: undefined }) },
    ],
    [
      'when the template gains a label',
      'Rewrite template labels team',
      { certificate: originCertificate({ secretTemplate: { labels: { team: 'a' } } }) },
    ],
    [
      'when the template loses an annotation that is ours',
      'Rewrite template annotations note',
      { target: targetFacts({ owned: { ...targetFacts().owned, annotations: ['note'] } }) },
    ],
    [
      'when an output is asked for',
      'Rewrite output CombinedPEM',
      { certificate: originCertificate({ additionalOutputs: ['CombinedPEM'] }) },
    ],
    [
      'when an output is stale',
      'Rewrite output CABundle',
      {
        certificate: originCertificate({ additionalOutputs: ['CABundle'] }),
        target: targetFacts({ outputs: { combinedPem: 'absent', caBundle: 'stale' } }),
      },
    ],
    [
      'when an output of ours is no longer asked for',
      'Rewrite output CABundle',
      { target: targetFacts({ owned: { ...targetFacts().owned, data: ['tls.crt', 'tls.key', 'ca.crt'] } }) },
    ],
    [
      'when it is to go with its object',
      'Rewrite owner reference',
      { certificate: originCertificate({ secretDeletionPolicy: 'Delete' }) },
    ],
    [
      'when it is not to go with its object any more',
      'Rewrite owner reference',
      { target: targetFacts({ owned: { ...targetFacts().owned, owners: ['uid-1'] } }) },
    ],
    [
      'when it would go with an object of an earlier uid',
      'Rewrite owner reference',
      {
        certificate: originCertificate({ secretDeletionPolicy: 'Delete' }),
        target: targetFacts({ owners: [owner], owned: { ...targetFacts().owned, owners: ['uid-0'] } }),
      },
    ],
    [
      'when it is taken over from a certificate that is gone',
      'Rewrite originca.dev/certificate',
      { target: withAnnotations(targetFacts(), { certificate: 'gone' }) },
    ],
  ])('%s', (_, expected, change) => {
    expect(decided(change)).toBe(expected);
  });

  test('foreign labels, annotations and data keys are no reason', () => {
    const target = targetFacts();
    const foreign = {
      ...target,
      labels: { ...target.labels, theirs: 'x' },
      annotations: { ...target.annotations, theirs: 'x' },
    };
    expect(decided({ target: foreign })).toBe('Done');
  });
});

describe('with temporaryCertificate', () => {
  const certificate = originCertificate({ temporaryCertificate: true });
  const temporary = (change: Partial<CertificateFacts> = {}) => {
    const signer = { trusted: false, issuer: 'origin-ca-operator temporary certificate' };
    const facts = certificateFacts({ ...signer, ...change });
    const note = unissuedRecord('web', facts, { renew: '', rekey: '' }, { adopted: false });
    return targetFacts({
      pair: { state: 'Matching', certificate: facts },
      annotations: recordAnnotations(note),
    });
  };
  const emptied = () =>
    ({ ...temporary(), pair: { state: 'MissingData', problem: 'tls.crt missing' } }) as const;
  const expiredFormer = () => targetFacts({ name: 'old-tls' }, { notAfter: NOW });
  const none = { certificate, target: undefined };
  const refused = { issuer: { state: 'IssuerNotFound', message: 'none' } } as const;
  test.each<[string, string, Partial<World>]>([
    ['nothing but a certificate is written in good weather', 'Issue DoesNotExist', none],
    ['a self-signed pair is written while Cloudflare does not answer', 'Bridge', { ...none, failure }],
    ['a self-signed pair is written while the issuer is missing', 'Bridge', { ...none, ...refused }],
    [
      'a self-signed pair is written while an outcome is unknown',
      'Bridge',
      { ...none, pending: pendingOf(), waits: { postMs: 1000, writeMs: 0 } },
    ],
    ['nothing is written while it is asked for', 'Search', { ...none, pending: pendingOf() }],
    [
      'nothing is written while an issuer is looked at for the first time',
      'AwaitIssuer',
      { ...none, issuer: { state: 'Unchecked' } },
    ],
    [
      'nothing is written while suspended',
      'Refuse Suspended',
      { certificate: originCertificate({ temporaryCertificate: true, suspend: true }), target: undefined },
    ],
    [
      'nothing is written over and over to a Secret that keeps disappearing',
      'Refuse IssuanceLoop',
      { ...none, issuedAt: [NOW, NOW, NOW] },
    ],
    [
      'nothing is written where the API server refuses',
      'Refuse SecretWriteRefused',
      { ...none, failure: { ...failure, reason: 'SecretWriteRefused' } },
    ],
    [
      'nothing is written over the Secret of another',
      'Refuse SecretConflict',
      { ...none, holder: foreignName, failure },
    ],
    ['a former pair is copied instead', 'Copy', { ...none, formers: [former()], failure }],
    [
      'an expired pair is not replaced by a temporary one',
      'Refuse CloudflareUnavailable',
      { certificate, target: targetFacts({}, { notBefore: NOW - 90 * DAY, notAfter: NOW }), failure },
    ],
    [
      'a temporary pair stays while nothing better can be had',
      'Refuse CloudflareUnavailable',
      { certificate, target: temporary(), failure },
    ],
    [
      'a temporary pair is replaced as soon as it can be',
      'Issue TemporaryCertificate',
      { certificate, target: temporary() },
    ],
    [
      'a temporary pair stays where it is not asked for any more',
      'Refuse CloudflareUnavailable',
      { target: temporary(), failure },
    ],
    [
      'a temporary pair follows the hostnames',
      'Bridge',
      { certificate, target: temporary({ hostnames: ['a.example.com'] }), failure },
    ],
    [
      'a temporary pair past its end is made anew',
      'Bridge',
      { certificate, target: temporary({ notAfter: NOW }), failure },
    ],
    [
      'a former Secret stays ours as long as its successor holds but a temporary pair: it tells what is replaced',
      'Refuse CloudflareUnavailable',
      { certificate, target: temporary(), formers: [expiredFormer()], failure },
    ],
    [
      'a former Secret stays ours also when people empty the temporary pair of its successor',
      'Refuse CloudflareUnavailable',
      { certificate, target: emptied(), formers: [expiredFormer()], failure },
    ],
    [
      'a former Secret is let go when its successor holds a pair that was issued',
      'Release',
      { certificate, formers: [expiredFormer()] },
    ],
    [
      'a former Secret that holds but a temporary pair is let go at once',
      'Release',
      { certificate, target: temporary(), formers: [temporary()], failure },
    ],
    [
      'a former pair that fits again is copied over a temporary one',
      'Copy',
      { certificate, target: temporary(), formers: [former()], failure },
    ],
    [
      'a former pair is not copied over a temporary one that cannot be changed',
      'Refuse SecretImmutable',
      { certificate, target: { ...temporary(), immutable: true }, formers: [former()] },
    ],
  ])('%s', (_, expected, change) => {
    expect(decided(change)).toBe(expected);
  });

  test('a pair that could not be stored is tried again in its time, and not when the issuer is looked at', () => {
    const action = decide(
      worldOf({ ...none, ...refused, failure: { ...failure, reason: 'SecretWriteRefused' } }),
    );
    expect(action).toMatchObject({ type: 'Refuse', reason: 'IssuerNotFound', retryMs: 5000 });
  });
});

describe('the annotation hold-until', () => {
  const heldUntil = (text: string, spec = {}) =>
    originCertificate(spec, { annotations: { 'originca.dev/hold-until': text } });
  test.each<[string, string, string, Partial<World>]>([
    ['holds an issuance', 'Refuse Held', '2026-11-21T12:00:01Z', { target: undefined }],
    [
      'holds a renewal',
      'Refuse Held',
      '2026-11-21T14:00:01+02:00',
      { target: targetFacts({}, { notAfter: NOW + DAY }) },
    ],
    ['holds a mending', 'Refuse Held', '2027-01-01T00:00:00Z', { target: targetFacts({ labels: {} }) }],
    ['holds a copy', 'Refuse Held', '2027-01-01T00:00:00Z', { target: undefined, formers: [former()] }],
    ['holds an issuance under way', 'Refuse Held', '2027-01-01T00:00:00Z', { pending: pendingOf() }],
    ['holds by what is no time', 'Refuse HoldUntilInvalid', 'tomorrow', { target: undefined }],
    [
      'holds a renewal by what is no time',
      'Refuse HoldUntilInvalid',
      '2026-12-31',
      { target: targetFacts({}, { notAfter: NOW + DAY }) },
    ],
    ['holds nothing once it is over', 'Issue DoesNotExist', '2026-11-21T12:00:00Z', { target: undefined }],
  ])('%s', (_, expected, text, change) => {
    expect(decided({ ...change, certificate: heldUntil(text) })).toBe(expected);
  });

  test('is looked at again when it ends, and not where nothing ends it', () => {
    const retry = (text: string) => decide(worldOf({ certificate: heldUntil(text) }));
    expect(retry('2026-11-21T12:00:01Z')).toMatchObject({ reason: 'Held', retryMs: 1000 });
    expect(retry('tomorrow')).not.toHaveProperty('retryMs');
  });

  test('of an object that is gone is given up unsettled where it is a copy: another cluster may serve what it got', () => {
    const orphan = { certificate: undefined, target: undefined } as const;
    expect(decided({ ...orphan, pending: pendingOf({ isCopy: true }) })).toMatch(
      /^Discard .*another cluster/,
    );
  });

  test('does not hold what is left of an object that is gone', () => {
    expect(decided({ certificate: undefined, target: undefined, pending: pendingOf() })).toBe('Settle');
  });
});

describe('the owner of a Secret is as it should be', () => {
  const deleting = originCertificate({ secretDeletionPolicy: 'Delete' });
  test.each<[string, Partial<World>]>([
    [
      'when it is the object that asks for it',
      { certificate: deleting, target: targetFacts({ owners: [owner] }) },
    ],
    ['when others own it', { target: targetFacts({ owners: [{ ...owner, uid: 'theirs' }] }) }],
    [
      'when there is none on a Secret that was taken over',
      { certificate: deleting, target: withAnnotations(targetFacts(), { adopted: 'true' }) },
    ],
  ])('%s', (_, change) => {
    expect(decided(change)).toBe('Done');
  });
});

describe('a Secret that is not ours where existingSecret is Adopt', () => {
  const certificate = originCertificate({ existingSecret: 'Adopt' });
  const found = (change: Partial<SecretFacts> = {}, facts = {}) =>
    targetFacts({ annotations: {}, labels: {}, ...change }, facts);
  const world = { certificate, holder: { kind: 'foreign' }, target: found() } as const;
  test.each<[string, string, Partial<World>]>([
    ['is taken over', 'Adopt', {}],
    ['is taken over although it is Opaque', 'Adopt', { target: found({ type: 'Opaque' }) }],
    [
      'is taken over although it is due',
      'Adopt',
      { target: found({}, { notBefore: NOW - 89 * DAY, notAfter: NOW + DAY }) },
    ],
    [
      'is taken over although it is for other names',
      'Adopt',
      { target: found({}, { hostnames: ['b.example'] }) },
    ],
    ['is taken over although its pair is broken', 'Adopt', { target: found(broken('InvalidKeyPair')) }],
    ['is taken over before an issuance under way goes on', 'Adopt', { pending: pendingOf() }],
    ['is taken over whatever Cloudflare says', 'Adopt', { failure }],
    [
      'is left alone while suspended',
      'Refuse Suspended',
      { certificate: originCertificate({ existingSecret: 'Adopt', suspend: true }) },
    ],
    [
      'is left alone for a while when the API server refused the write',
      'Refuse SecretWriteRefused',
      { failure: { ...failure, reason: 'SecretWriteRefused' } },
    ],
    ['is refused when immutable', 'Refuse AdoptRefused', { target: found({ immutable: true }) }],
    ['is refused when of another type', 'Refuse AdoptRefused', { target: found({ type: 'example.com/x' }) }],
    [
      'is refused when another authority signed it',
      'Refuse AdoptRefused',
      { target: found({}, { trusted: false }) },
    ],
    [
      'is refused while cert-manager keeps it',
      'Refuse AdoptRefused',
      { holder: { kind: 'foreign', keptBy: 'cm' } },
    ],
    [
      'is refused while it cannot be told whether cert-manager keeps it',
      'Refuse AdoptRefused',
      { holder: { kind: 'foreign', doubt: 'may not list' } },
    ],
    [
      'is refused when Opaque and without a pair',
      'Refuse AdoptRefused',
      { target: found({ type: 'Opaque', pair: { state: 'MissingData', problem: 'tls.crt missing' } }) },
    ],
    [
      'is refused, and an issuance that is not wanted is settled all the same',
      'Settle',
      { target: found({ immutable: true }), pending: pendingOf({ revoke: ['1'] }) },
    ],
  ])('%s', (_, expected, change) => {
    expect(decided({ ...world, ...change })).toBe(expected);
  });

  test('is judged by names, key, trust and dates alone once it is ours', () => {
    const taken = { ...targetFacts({}, { algorithm: 'RSA', size: 2048 }) };
    const facts = taken.pair.state === 'Matching' ? taken.pair.certificate : undefined;
    const annotations = recordAnnotations(
      unissuedRecord('web', facts, { renew: '', rekey: '' }, { adopted: true }),
    );
    const spec = { existingSecret: 'Adopt', validityDays: 30, privateKey: { algorithm: 'ECDSA' } } as const;
    const ours = { certificate: originCertificate(spec), target: { ...taken, annotations } };
    expect(decided(ours)).toBe('Done');
    const other = originCertificate({ ...spec, hostnames: ['example.com'] });
    expect(decided({ ...ours, certificate: other })).toBe('Issue HostnamesChanged');
  });
});

describe('a changed secretName', () => {
  const renamed = originCertificate({ secretName: 'new-tls' });
  test.each<[string, string, Partial<World>]>([
    ['copies the good pair', 'Copy', { certificate: renamed, target: undefined, formers: [former()] }],
    [
      'copies no pair that somebody else revoked',
      'Issue DoesNotExist',
      { certificate: renamed, target: undefined, formers: [former()], revoked: ['1001'] },
    ],
    [
      'copies it before a waiting issuance is called finished',
      'Copy',
      {
        certificate: renamed,
        target: undefined,
        formers: [former()],
        pending: pendingOf({ keyDigest: 'key-1' }),
      },
    ],
    [
      'issues when the former pair is not what the spec asks for',
      'Issue DoesNotExist',
      {
        certificate: originCertificate({ secretName: 'new-tls', hostnames: ['a.example.com'] }),
        target: undefined,
        formers: [former()],
      },
    ],
    [
      'never copies over a foreign Secret',
      'Refuse SecretNotManaged',
      { formers: [former()], holder: { kind: 'foreign' } },
    ],
    ['releases the former Secret once the new one stands', 'Release', { formers: [former()] }],
    ['releases it also while something is pending', 'Release', { formers: [former()], pending: pendingOf() }],
  ])('%s', (_, expected, change) => {
    expect(decided(change)).toBe(expected);
  });
});

describe('an unfinished issuance, first rule wins', () => {
  const unwanted = originCertificate({ hostnames: ['changed.example.com'] });
  const parked = certificateFacts({ id: '2002', publicKeyDigest: 'key-2' });
  test.each<[string, string, Partial<World>]>([
    [
      'is finished when the target bears its key',
      'Discard its certificate is in place',
      { pending: pendingOf({ keyDigest: 'key-1' }) },
    ],
    [
      'is finished when a former Secret bears its key, also while the target is foreign',
      'Discard its certificate is in place',
      { holder: { kind: 'foreign' }, formers: [former()], pending: pendingOf({ keyDigest: 'key-1' }) },
    ],
    [
      'of an object that is gone is finished when a Secret of that name bears its key',
      'Discard its certificate is in place',
      {
        certificate: undefined,
        target: undefined,
        formers: [targetFacts()],
        pending: pendingOf({ keyDigest: 'key-1' }),
      },
    ],
    [
      'is given up when its key was overwritten',
      'Discard somebody damaged it and its key is lost',
      { target: undefined, pending: pendingOf({ keyDigest: undefined }) },
    ],
    [
      'waits while its POST may be under way',
      'Wait 61000',
      { target: undefined, pending: pendingOf(), waits: { postMs: 61_000, writeMs: 0 } },
    ],
    ['is searched for when the wait is over', 'Search', { target: undefined, pending: pendingOf() }],
    ['is posted when no POST is out', 'Post', { target: undefined, pending: pendingOf({ postedAt: '' }) }],
    [
      'is not posted while the target may not be written',
      'Refuse SecretNotManaged',
      { holder: { kind: 'foreign' }, pending: pendingOf({ postedAt: '' }) },
    ],
    [
      'is not posted before the next attempt is due',
      'Refuse CloudflareUnavailable',
      { target: undefined, pending: pendingOf({ postedAt: '' }), failure },
    ],
    [
      'is not posted without the issuer',
      'Refuse IssuerNotReady',
      {
        target: undefined,
        pending: pendingOf({ postedAt: '' }),
        issuer: { state: 'IssuerNotReady', message: '' },
      },
    ],
    ['with a certificate parked is written', 'Write', { target: undefined, pending: pendingOf({ parked }) }],
    [
      'with a certificate parked is neither searched nor posted while the target may not be written',
      'Refuse SecretNotManaged',
      { holder: { kind: 'foreign' }, pending: pendingOf({ parked, postedAt: '' }) },
    ],
    [
      'with a certificate parked that nobody should trust is searched for',
      'Search',
      { target: undefined, pending: pendingOf({ parked: { ...parked, trusted: false } }) },
    ],
    ['is looked at before a missing Secret', 'Search', { target: undefined, pending: pendingOf() }],
    ['is looked at before "nothing to do"', 'Settle', { pending: pendingOf({ replaces: '999' }) }],
  ])('%s', (_, expected, change) => {
    expect(decided(change)).toBe(expected);
  });

  test.each<[string, Partial<World>]>([
    ['whose object is gone', { certificate: undefined, target: undefined }],
    ['whose need differs from the spec', { certificate: unwanted, target: undefined }],
    ['whose target by now holds another good certificate', { pending: pendingOf({ replaces: 'older' }) }],
    [
      'that is marked for revocation, even if the spec wants it again',
      { target: undefined, pending: pendingOf({ revoke: ['7'] }) },
    ],
  ])('settles one %s, after the same wait', (_, change) => {
    const world = { pending: pendingOf(), ...change };
    expect(decided({ ...world, waits: { postMs: 5, writeMs: 0 } })).toBe('Wait 5');
    expect(decided(world)).toBe('Settle');
  });

  describe('revokes what an unwanted issuance left', () => {
    const pending = pendingOf({ postedAt: '', revoke: ['7', '8'] });
    const held = { state: 'held', reason: 'CloudflareUnavailable', message: 'all fail' } as const;
    const probe = { state: 'probe' } as const;
    const awaits = { type: 'AwaitTurn', request: 'settlement' };
    const said = { reason: 'CloudflareUnavailable', message: 'no answer' };

    describe.each([
      ['of an object', originCertificate()],
      ['of one that is gone', undefined],
    ])('%s', (_, certificate) => {
      const of = (change: Partial<World>) => decide(worldOf({ certificate, pending, ...change }));

      test('in its turn', () => {
        expect(of({})).toMatchObject({ type: 'Revoke' });
        expect(of({ turns: NO_TURNS })).toMatchObject(awaits);
        expect(of({ turns: { ...NO_TURNS, settlement: true } })).toMatchObject({ type: 'Revoke' });
      });

      test('in an incident only when it is called to try', () => {
        const told = { reason: held.reason, message: held.message };
        const incidents = { ...NO_INCIDENTS, settlement: held };
        expect(of({ incidents })).toMatchObject({ ...awaits, said: told });
        const called = { ...NO_INCIDENTS, settlement: probe };
        expect(of({ incidents: called, settleFailure: failure })).toMatchObject({ type: 'Revoke' });
      });

      test('not before its next try is due, and says why, whoever else waits', () => {
        const expected = { type: 'Wait', ms: 5000, said };
        expect(of({ settleFailure: failure, turns: NO_TURNS })).toEqual(expected);
        const searched = pendingOf({ revoke: ['7'] });
        expect(of({ pending: searched, settleFailure: failure })).toEqual(expected);
      });
    });
  });

  test('settles without a wait what was never posted', () => {
    const pending = pendingOf({ postedAt: '' });
    expect(decided({ certificate: unwanted, target: undefined, pending })).toBe(
      'Discard nothing was issued for its key',
    );
  });

  test('revokes what is noted only when no write can still bring it', () => {
    const world = {
      certificate: undefined,
      target: undefined,
      pending: pendingOf({ postedAt: '', revoke: ['7'] }),
    };
    expect(decided({ ...world, waits: { postMs: 0, writeMs: 9 } })).toBe('Wait 9');
    expect(decided(world)).toBe('Revoke');
    expect(decided({ ...world, clockSkew: 'off' })).toBe('Refuse ClockSkew');
  });

  test('goes on when the target still holds the certificate that it replaces', () => {
    expect(decided({ pending: pendingOf({ replaces: '1001' }) })).toBe('Search');
  });

  test('is not taken for unwanted when only values absent from the spec differ', () => {
    const pending = pendingOf({ need: { ...record().need, validityDays: 7, algorithm: 'RSA', size: 4096 } });
    expect(decided({ target: undefined, pending })).toBe('Search');
  });
});

describe('a write that the API server refused', () => {
  const refused: Failure = { ...failure, reason: 'SecretWriteRefused' };
  const unlabelled = (notAfter?: number) =>
    targetFacts({ labels: {} }, notAfter === undefined ? {} : { notAfter, notBefore: notAfter - 90 * DAY });

  test('holds back the copy of a pair to a new name; trouble with Cloudflare does not', () => {
    const renamed = originCertificate({ secretName: 'new-tls' });
    const change = { certificate: renamed, target: undefined, formers: [former()] };
    expect(decided({ ...change, failure: refused })).toBe('Refuse SecretWriteRefused');
    expect(decided({ ...change, failure })).toBe('Copy');
  });

  test('holds back mending, and says so at last; trouble with an issuance does not', () => {
    expect(decided({ target: unlabelled(), mendFailure: refused })).toBe('Refuse SecretWriteRefused');
    expect(decided({ target: unlabelled(), failure: refused })).toMatch(/^Rewrite/);
    expect(decided({ target: unlabelled(), mendFailure: { ...refused, nextTime: NOW } })).toMatch(/^Rewrite/);
    expect(decided({ mendFailure: refused })).toBe('Done');
  });

  test.each<[string, Partial<World>]>([
    ['a label that does not stay', { target: unlabelled(NOW + DAY) }],
    ['a former Secret that cannot be released', { target: unlabelled(NOW + DAY), formers: [former()] }],
  ])('never holds back a renewal that is due: %s', (_, change) => {
    expect(decided({ ...change, mendFailure: refused })).toBe('Issue Renewing');
    expect(decided({ ...change, mendFailure: refused, pending: pendingOf({ replaces: '1001' }) })).toBe(
      'Search',
    );
  });
});

test('an issuer that this process has not checked yet is awaited without a word', () => {
  expect(decided({ target: undefined, issuer: { state: 'Unchecked' } })).toBe('AwaitIssuer');
  expect(decided({ target: undefined, issuer: { state: 'ZonesAwaited', retryMs: 9 } })).toBe('Wait 9');
});

test('an issuer that is not ready wakes its certificates: they ask soon only where no news will come', () => {
  const waits = (issuer: World['issuer']) => decide(worldOf({ target: undefined, issuer }));
  const refused = { state: 'IssuerNotReady', message: 'no' } as const;
  expect(waits(refused)).toMatchObject({ type: 'Refuse', retryMs: 600_000 });
  expect(waits({ ...refused, retryMs: 7 })).toMatchObject({ type: 'Refuse', retryMs: 7 });
});
