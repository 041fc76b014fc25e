import { describe, expect, test } from 'vitest';
import { conditionsOf, type Said, type Spoken } from '../../../src/zone/conditions.ts';
import type { Finding } from '../../../src/zone/ready.ts';
import { decide } from '../../../src/zone/decide.ts';
import type { SettingAction } from '../../../src/zone/world.ts';
import { worldOf, type WorldChange } from './world-fixtures.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const MINUTE = 60_000;

const OBSERVED: Finding = { outcome: 'observed', message: 'It is active.' };
const OUTAGE: Finding = { outcome: 'unavailable', reason: 'CloudflareUnavailable', message: 'since noon' };
const BUDGET: Finding = { outcome: 'unavailable', reason: 'BudgetExhausted', message: 'in 3s' };
const MISSING: Finding = { outcome: 'refused', reason: 'CredentialsMissing', message: 'no Secret' };
const REFUSED: Finding = { outcome: 'refused', reason: 'ZoneNotFound', message: 'no zone' };

const KEEP: SettingAction = {
  name: 'ssl',
  type: 'Keep',
  inSync: true,
  reason: 'InSync',
  message: 'ssl is full.',
};
const STRICTER: SettingAction = {
  ...KEEP,
  name: 'tls13',
  reason: 'StricterThanAsked',
  message: 'tls13 is on.',
};
const UNUSED: SettingAction = { ...KEEP, reason: 'CertificatesUnused', message: 'ssl is off.' };
const UNREAD: SettingAction = {
  name: 'ssl',
  type: 'Unread',
  inSync: false,
  reason: 'Unknown',
  message: 'not read',
};
const HELD: SettingAction = {
  name: 'hsts',
  type: 'Hold',
  inSync: false,
  reason: 'LockIn',
  message: 'hsts would lock in.',
  stalled: true,
};
const VERIFIED = { status: 'True', reason: 'AllVerified', message: 'All serve it.' } as const;

type Dated = Parameters<typeof conditionsOf>[1][number];

function said(change: Partial<Spoken>, before: readonly Partial<Dated>[] = []): Record<string, Said> {
  const spoken = {
    finding: OBSERVED,
    actions: [KEEP],
    isWaiting: false,
    verified: VERIFIED,
    problems: [],
    pullProblems: [],
    ...change,
  };
  const dated = before.map((condition) => ({
    type: 'Ready',
    status: 'True' as const,
    reason: 'Observed',
    message: 'before',
    lastTransitionTime: '2026-11-21T11:00:00Z',
    ...condition,
  }));
  return Object.fromEntries(conditionsOf(spoken, dated, NOW).map((condition) => [condition.type, condition]));
}

/** A condition in short. */
const short = (condition: Said | undefined) => condition && `${condition.status} ${condition.reason}`;

describe('Ready', () => {
  test.each<[string, Finding, Partial<Dated>[], string]>([
    ['is True when the zone was read', OBSERVED, [], 'True Observed'],
    ['is False with what was refused', REFUSED, [], 'False ZoneNotFound'],
    ['keeps the last verdict in an outage', OUTAGE, [{}], 'True Observed'],
    [
      'keeps a refusal in an outage',
      OUTAGE,
      [{ status: 'False', reason: 'ZoneNotFound' }],
      'False ZoneNotFound',
    ],
    ['is Unknown in an outage without a verdict', OUTAGE, [], 'Unknown CloudflareUnavailable'],
    [
      'takes a missing token for no verdict',
      OUTAGE,
      [{ status: 'False', reason: 'CredentialsMissing' }],
      'Unknown CloudflareUnavailable',
    ],
    [
      'takes it for no verdict that another object had the zone',
      OUTAGE,
      [{ status: 'False', reason: 'ZoneConflict' }],
      'Unknown CloudflareUnavailable',
    ],
    ['waits for the budget without a verdict', BUDGET, [], 'Unknown RateLimited'],
  ])('%s', (_, finding, before, expected) => {
    expect(short(said({ finding }, before)['Ready'])).toBe(expected);
  });

  test('says since when an outage lasts, and nothing of our own budget', () => {
    expect(said({ finding: OUTAGE }, [{}])['Ready']?.message).toBe('since noon');
    expect(said({ finding: BUDGET }, [{}])['Ready']?.message).toBe('before');
  });

  test('says in an outage what stands of a refusal, and where to mend it', () => {
    const refused = { status: 'False', reason: 'ZoneNotFound' } as const;
    const { message } = said({ finding: OUTAGE }, [refused])['Ready'] ?? {};
    expect(message).toMatch(/^since noon.*ZoneNotFound.*spec\.zoneName.*spec\.apiTokenSecretRef/);
    expect(said({ finding: BUDGET }, [refused])['Ready']?.message).toBe('before');
  });
});

describe('InSync', () => {
  const synced = { type: 'InSync', reason: 'InSync' } as const;
  test.each<[string, Partial<Spoken>, Partial<Dated>[], string]>([
    ['is True when all settings are', {}, [], 'True InSync'],
    ['names what is stricter', { actions: [KEEP, STRICTER] }, [], 'True StricterThanAsked'],
    [
      'names a mode that leaves certificates unused before that',
      { actions: [STRICTER, UNUSED] },
      [],
      'True CertificatesUnused',
    ],
    ['is False with the first that differs', { actions: [KEEP, HELD] }, [], 'False LockIn'],
    [
      'is False with what differs although another was not read',
      { actions: [UNREAD, HELD] },
      [],
      'False LockIn',
    ],
    ['is Unknown while a setting was never read', { actions: [KEEP, UNREAD] }, [], 'Unknown Unknown'],
    ['keeps the last verdict while a setting cannot be read', { actions: [UNREAD] }, [synced], 'True InSync'],
    ['is Unknown when nothing may be read', { finding: REFUSED }, [synced], 'Unknown ZoneNotFound'],
    [
      'is False with what hinders origin pulls',
      { pullProblems: [{ reason: 'ForeignClientCertificate', message: 'one', stalled: true }] },
      [],
      'False ForeignClientCertificate',
    ],
  ])('%s', (_, change, before, expected) => {
    expect(short(said(change, before)['InSync'])).toBe(expected);
  });

  test('says what cannot be read, and nothing of our own budget', () => {
    expect(said({ actions: [UNREAD] }, [synced])['InSync']?.message).toBe(
      'not read See status.settings for why.',
    );
    expect(said({ actions: [UNREAD], isWaiting: true }, [synced])['InSync']?.message).toBe('before');
    expect(said({ actions: [UNREAD], isWaiting: true })['InSync']?.message).toMatch(
      /^not read That waits for the request budget; nothing needs to be done\.$/,
    );
  });

  test('says every setting that differs, and none that does not', () => {
    expect(said({ actions: [KEEP, HELD] })['InSync']?.message).toBe('hsts would lock in.');
    expect(said({ actions: [KEEP, STRICTER] })['InSync']?.message).toBe('ssl is full. tls13 is on.');
  });
});

describe('several settings that differ', () => {
  const settings = { ssl: 'strict', tls13: 'on', minTlsVersion: '1.2' } as const;
  const inSync = (change: WorldChange) =>
    said({ actions: decide(worldOf({ settings, ...change })) })['InSync'];
  const differing =
    'sslAutomaticMode is auto, asked for is custom. ssl is flexible, asked for is strict. ' +
    'minTlsVersion is 1.0, asked for is 1.2. tls13 is off, asked for is on. ';
  const values = { sslAutomaticMode: 'auto' } as const;

  test('are told in Observe with one command for all of them', () => {
    const world = { enforce: false, hindrance: 'spec.mode is Observe' };
    expect(inSync({ values, spec: { mode: 'Observe' }, world })?.message).toBe(
      `${differing}Nothing is changed: spec.mode is Observe. To have it changed: ` +
        `kubectl patch originzone shop --type=merge -p '{"spec":{"mode":"Enforce"}}'.`,
    );
  });

  test('are told in a zone out of use with what it is, once', () => {
    expect(inSync({ values, world: { zoneProblem: 'Zone example.com is paused.' } })?.message).toBe(
      `${differing}Zone example.com is paused.`,
    );
  });

  test('are told each with its own reason where they have one', () => {
    const refusal = { reason: 'RequestRejected', code: 1, message: 'No.', untilMs: 1e12 };
    const message = inSync({ readOnly: ['tls13'], history: { minTlsVersion: { refusal } } })?.message ?? '';
    expect(message).toMatch(
      /minTlsVersion is 1\.0, asked for is 1\.2\. Cloudflare refused the change .*No\./,
    );
    expect(message).toMatch(/tls13 is off, asked for is on\. The plan of the zone/);
  });
});

describe('Stalled', () => {
  const since = (ms: number): Partial<Dated> => ({
    status: 'False',
    reason: 'CredentialsMissing',
    lastTransitionTime: new Date(NOW - ms).toISOString(),
  });
  test.each<[string, Partial<Spoken>, Partial<Dated>[], string | undefined]>([
    ['is absent while all is well', {}, [], undefined],
    ['is absent in an outage', { finding: OUTAGE }, [{}], undefined],
    ['is there at once for a zone that is not found', { finding: REFUSED }, [], 'True ZoneNotFound'],
    ['is absent while a token may come', { finding: MISSING }, [since(4 * MINUTE)], undefined],
    [
      'is there when a token does not come',
      { finding: MISSING },
      [since(5 * MINUTE)],
      'True CredentialsMissing',
    ],
    ['is there for a setting that a person must settle', { actions: [HELD] }, [], 'True LockIn'],
    ['is absent for a setting that waits', { actions: [{ ...HELD, stalled: false }] }, [], undefined],
    [
      'names an unreadable hold before that',
      { actions: [HELD], problems: [{ reason: 'HoldUntilInvalid', message: 'x', stalled: true }] },
      [],
      'True HoldUntilInvalid',
    ],
    [
      'is absent for a problem that passes',
      { pullProblems: [{ reason: 'CloudflareUnavailable', message: 'x', stalled: false }] },
      [],
      undefined,
    ],
  ])('%s', (_, change, before, expected) => {
    expect(short(said(change, before)['Stalled'])).toBe(expected);
  });
});

test('OriginsVerified refers to Ready where the zone may not be read, and not to records that were not read', () => {
  const message = 'The DNS records are unknown. They were not read yet.';
  const verified = { status: 'Unknown', reason: 'RecordsUnknown', message } as const;
  expect(said({ finding: REFUSED, verified })['OriginsVerified']).toMatchObject({
    status: 'Unknown',
    reason: 'ZoneNotFound',
    message: 'It is not known: see Ready.',
  });
  expect(said({ verified })['OriginsVerified']?.message).toBe(message);
  const failing = { status: 'False', reason: 'OriginsFailing', message: 'One fails.' } as const;
  expect(said({ finding: REFUSED, verified: failing })['OriginsVerified']).toMatchObject(failing);
});

test('OriginsVerified is what the gate says, and unknown where Cloudflare cannot be asked', () => {
  expect(short(said({})['OriginsVerified'])).toBe('True AllVerified');
  expect(short(said({ finding: MISSING, actions: undefined, verified: undefined })['OriginsVerified'])).toBe(
    'Unknown CredentialsMissing',
  );
});
