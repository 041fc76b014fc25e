import { describe, expect, test } from 'vitest';
import {
  actionOf,
  broken,
  decided,
  hstsValue,
  line,
  MINUTE,
  MONOTONIC,
  NOW,
  untrusted,
  type WorldChange,
} from './world-fixtures.ts';

const strict = { ssl: 'strict' } as const;
const full = { ssl: 'full' } as const;
const enterprise = { ssl: 'origin_pull' } as const;
const redirecting = line({ redirectsToHttp: true });

function ssl(change: WorldChange): string {
  return decided('ssl', change);
}

describe('verdicts are fresh', () => {
  const HOUR = 60 * MINUTE;
  const agedBy = (ageMs: number, roundMs: number): WorldChange => ({
    settings: strict,
    values: full,
    history: { ssl: { differsSinceMs: MONOTONIC - 3 * HOUR } },
    lines: [line({ beganMs: MONOTONIC - ageMs })],
    world: { roundMs },
  });

  test.each([
    ['a quarter of an hour', 15 * MINUTE, 10 * MINUTE],
    ['as long as one and a half rounds of all names take', HOUR, 40 * MINUTE],
    ['two hours at most', 2 * HOUR, 9 * HOUR],
  ])('for %s', (_, keptMs, roundMs) => {
    expect(ssl(agedBy(keptMs, roundMs))).toBe('RollOut full to strict');
    expect(ssl(agedBy(keptMs + 1, roundMs))).toBe('Hold GateWaiting');
  });
});

describe('before a step up', () => {
  const old = { recordsAt: NOW - MINUTE - 1 };
  test.each<[string, string, WorldChange]>([
    [
      'to strict old records are listed anew',
      'Hold GateWaiting',
      { settings: strict, values: full, gate: old },
    ],
    ['to origin_pull too', 'Hold GateWaiting', { settings: enterprise, values: strict, gate: old }],
    [
      'records of a minute will do',
      'RollOut full to strict',
      { settings: strict, values: full, gate: { recordsAt: NOW - MINUTE } },
    ],
    ['to full too', 'Hold GateWaiting', { settings: strict, gate: old }],
    [
      'to full they are although no origin is known',
      'Hold GateWaiting',
      { settings: strict, gate: old, lines: [] },
    ],
    [
      'to flexible nothing is',
      'RollOut off to flexible',
      { settings: { ssl: 'flexible' }, values: { ssl: 'off' }, gate: old },
    ],
    [
      'nothing is listed for a gate that is closed',
      'Hold GateClosed',
      { settings: strict, values: full, gate: old, lines: [untrusted()] },
    ],
    [
      'nothing is listed where the gate is skipped',
      'RollOut full to strict',
      { settings: strict, values: full, gate: old, spec: { gate: { origins: 'Skip' } } },
    ],
  ])('%s', (_, expected, change) => {
    expect(ssl(change)).toBe(expected);
  });

  test('the listing is asked for once all origins were seen', () => {
    const change = { settings: strict, values: full };
    expect(actionOf('ssl', { ...change, gate: old })).toMatchObject({ listsRecords: true });
    const unseen = actionOf('ssl', { ...change, gate: { ...old, missing: ['a.example.com'] } });
    expect(unseen).toMatchObject({ reason: 'GateWaiting' });
    expect(unseen).not.toHaveProperty('listsRecords');
  });
});

describe('ssl is rolled out', () => {
  test.each<[string, string, WorldChange]>([
    ['from flexible to full before strict', 'RollOut flexible to full', { settings: strict }],
    ['from off to full before strict', 'RollOut off to full', { settings: strict, values: { ssl: 'off' } }],
    ['from full to strict', 'RollOut full to strict', { settings: strict, values: full }],
    ['from strict to origin_pull', 'RollOut strict to origin_pull', { settings: enterprise, values: strict }],
    ['from full to origin_pull', 'RollOut full to origin_pull', { settings: enterprise, values: full }],
    [
      'to full with certificates that only full accepts',
      'RollOut flexible to full',
      { settings: strict, lines: [untrusted()] },
    ],
    [
      'from off to flexible',
      'RollOut off to flexible',
      { settings: { ssl: 'flexible' }, values: { ssl: 'off' } },
    ],
    ['in a zone without origins', 'RollOut full to strict', { settings: strict, values: full, lines: [] }],
    [
      'past what is not held against it',
      'RollOut full to strict',
      {
        settings: strict,
        values: full,
        lines: [
          line({ result: 'NoOrigin', tls: false, beganMs: undefined }),
          line({ result: 'NotProxied', tls: false, beganMs: undefined }),
          line({ result: 'Ignored', tls: false, beganMs: undefined }),
        ],
      },
    ],
    [
      'without a look where the gate is skipped',
      'RollOut full to strict',
      { settings: strict, values: full, lines: [broken()], spec: { gate: { origins: 'Skip' } } },
    ],
    [
      'over full even where the gate is skipped',
      'RollOut flexible to full',
      { settings: strict, lines: [broken()], spec: { gate: { origins: 'Skip' } } },
    ],
  ])('%s', (_, expected, change) => {
    expect(ssl(change)).toBe(expected);
  });
});

describe('ssl waits', () => {
  test.each<[string, string, WorldChange]>([
    [
      'while Cloudflare chooses it',
      'AutomaticMode',
      { settings: full, values: { sslAutomaticMode: 'auto' } },
    ],
    [
      'before it is known who chooses it',
      'AutomaticMode',
      { settings: full, values: { sslAutomaticMode: undefined } },
    ],
    ['while an origin has no TLS', 'GateClosed', { settings: full, lines: [line(), broken()] }],
    [
      'while an origin cannot be reached from here',
      'GateClosed',
      { settings: full, lines: [line({ result: 'Unverifiable', tls: false })] },
    ],
    [
      'for a certificate that strict refuses',
      'GateClosed',
      { settings: strict, values: full, lines: [untrusted()] },
    ],
    [
      'for it under origin_pull too',
      'GateClosed',
      { settings: enterprise, values: full, lines: [untrusted()] },
    ],
    ['for names nobody looked at', 'GateWaiting', { settings: full, gate: { missing: ['a.example.com'] } }],
    [
      'for verdicts from after the difference',
      'GateWaiting',
      { settings: strict, values: full, lines: [line({ beganMs: MONOTONIC - MINUTE - 1 })] },
    ],
    [
      'for verdicts of the last quarter of an hour',
      'GateWaiting',
      {
        settings: strict,
        values: full,
        lines: [line({ beganMs: MONOTONIC - 15 * MINUTE - 1 })],
        history: { ssl: { differsSinceMs: MONOTONIC - 60 * MINUTE } },
      },
    ],
    ['for the DNS records', 'GateWaiting', { settings: full, lines: [], gate: { complete: false } }],
    [
      'where an origin would send visitors back to alwaysUseHttps',
      'WouldLoop',
      { settings: full, values: { alwaysUseHttps: 'on' }, lines: [redirecting] },
    ],
    [
      'where an origin would send them back once alwaysUseHttps is on',
      'WouldLoop',
      { settings: { ...full, alwaysUseHttps: true }, lines: [redirecting] },
    ],
    [
      'where it is not known whether they would come again',
      'WouldLoop',
      { settings: full, values: { alwaysUseHttps: undefined }, lines: [redirecting] },
    ],
    [
      'before origin_pull, which sends all visitors to https, while an origin sends them back',
      'WouldLoop',
      { settings: enterprise, values: strict, lines: [redirecting] },
    ],
  ])('%s', (_, reason, change) => {
    expect(ssl(change)).toBe(`Hold ${reason}`);
  });

  test('not where an origin sends visitors to http and nothing sends them to https', () => {
    expect(ssl({ settings: full, lines: [redirecting] })).toBe('RollOut flexible to full');
  });

  test('not for a redirect that is there under full already', () => {
    const change = { values: { ...full, alwaysUseHttps: 'on' }, lines: [redirecting] };
    expect(ssl({ settings: strict, ...change })).toBe('RollOut full to strict');
  });
});

describe('the gate', () => {
  test('asks for the verdicts that it has not', () => {
    const lines = [line({ beganMs: MONOTONIC - 2 * MINUTE })];
    expect(actionOf('ssl', { settings: full, lines, gate: { missing: ['a.example.com'] } })).toMatchObject({
      reason: 'GateWaiting',
      stalled: false,
      probeSinceMs: MONOTONIC - MINUTE,
      message: expect.stringContaining('a.example.com, www.example.com'),
    });
  });

  test('names the worst three and how many more', () => {
    const bad = ['a', 'b', 'c', 'd', 'e'].map((label) => untrusted({ hostname: `${label}.example.com` }));
    const lines = [line(), ...bad, broken({ hostname: 'z.example.com' })];
    const { message } = actionOf('ssl', { settings: strict, values: full, lines });
    expect(message).toContain('6 of 7 origins would fail under strict');
    expect(message).toContain('z.example.com at 192.0.2.7:443 Refused (521): Nobody listens there;');
    expect(message).toContain('b.example.com');
    expect(message).not.toContain('c.example.com');
    expect(message).toContain('and 3 more');
  });

  test('looks again at what failed before it is a quarter of an hour old', () => {
    const lines = [untrusted({ beganMs: MONOTONIC - 10_000 }), line()];
    expect(actionOf('ssl', { settings: strict, values: full, lines })).toMatchObject({
      reason: 'GateClosed',
      againMs: MONOTONIC - MINUTE / 2 + 15 * MINUTE + 1,
    });
  });

  test('stays closed by what failed last, and asks for what it is now', () => {
    const lines = [untrusted({ beganMs: MONOTONIC - 20 * MINUTE })];
    const history = { ssl: { differsSinceMs: MONOTONIC - 60 * MINUTE } };
    expect(actionOf('ssl', { settings: strict, values: full, lines, history })).toMatchObject({
      reason: 'GateClosed',
      probeSinceMs: MONOTONIC - 15 * MINUTE,
    });
  });

  test('says that it was skipped, or had nothing to look at', () => {
    const change = { settings: full } as const;
    expect(actionOf('ssl', { ...change, spec: { gate: { origins: 'Skip' } } }).message).toContain('is Skip');
    expect(actionOf('ssl', { ...change, lines: [] }).message).toContain('no proxied origin');
  });
});

describe('ssl that is stricter than asked', () => {
  const stricter = { settings: full, values: strict };

  test('stays', () => {
    expect(ssl(stricter)).toBe('Keep StricterThanAsked');
  });

  test('is lowered where that is allowed, whatever the origins serve', () => {
    expect(ssl({ ...stricter, lines: [broken()], spec: { allowDowngrade: true } })).toBe(
      'RollOut strict to full',
    );
  });

  test('is lowered to flexible with a warning of redirects that nobody sees', () => {
    const action = actionOf('ssl', {
      settings: { ssl: 'flexible' },
      values: full,
      spec: { allowDowngrade: true },
    });
    expect(action).toMatchObject({
      type: 'Patch',
      message: expect.stringContaining('in circles under flexible'),
    });
  });
});

describe('ssl is switched off', () => {
  const off = { settings: { ssl: 'off' }, spec: { allowDowngrade: true } } as const;

  test.each<[string, string, WorldChange]>([
    ['where that is allowed', 'RollOut flexible to off', {}],
    ['not while alwaysUseHttps is on', 'Hold WouldLoop', { values: { alwaysUseHttps: 'on' } }],
    ['not before that is known', 'Hold WouldLoop', { values: { alwaysUseHttps: undefined } }],
    ['not while hsts is enabled', 'Hold LockIn', { values: { hsts: hstsValue(true, 60) } }],
    ['not before that is known', 'Hold LockIn', { values: { hsts: undefined } }],
  ])('%s', (_, expected, change) => {
    expect(ssl({ ...off, ...change })).toBe(expected);
  });

  test('with a person only where the spec does not switch the redirect off too', () => {
    const on = { values: { alwaysUseHttps: 'on' } };
    expect(actionOf('ssl', { ...off, ...on })).toMatchObject({ stalled: true });
    const settings = { ssl: 'off', alwaysUseHttps: false } as const;
    expect(actionOf('ssl', { ...off, ...on, settings })).toMatchObject({ stalled: false });
  });
});

describe('certificates that the mode leaves unused are said', () => {
  const ready = { world: { readyCertificates: 2 } };

  test.each<[string, string, WorldChange]>([
    ['where the spec asks for that mode', 'Keep CertificatesUnused', { settings: { ssl: 'flexible' } }],
    ['where ssl is not managed', 'Keep CertificatesUnused', {}],
    ['while the mode is held', 'Hold GateClosed', { settings: strict, lines: [broken()] }],
  ])('%s', (_, expected, change) => {
    expect(ssl({ ...ready, ...change })).toBe(expected);
    expect(actionOf('ssl', { ...ready, ...change }).message).toContain(
      '2 Ready OriginCertificates of this zone are unused',
    );
  });

  test('and are not where the mode uses them, or there are none', () => {
    expect(ssl({ ...ready, values: full })).toBe('Keep InSync');
    expect(ssl({})).toBe('Keep InSync');
  });
});

describe('an origin that demands a client certificate', () => {
  const demanding = line({ clientCertificate: 'required' });

  test.each<[string, string, WorldChange]>([
    ['keeps a zone from full, where nobody has seen one presented', 'Hold GateClosed', { settings: strict }],
    ['keeps a zone from full that is to stay there', 'Hold GateClosed', { settings: full }],
    ['keeps a zone from full after off', 'Hold GateClosed', { settings: strict, values: { ssl: 'off' } }],
    [
      'does not keep it from strict, when full is on',
      'RollOut full to strict',
      { settings: strict, values: full },
    ],
    [
      'does not keep it from the full that it was on',
      'Restore flexible to full',
      { settings: strict, history: { ssl: { lastInSync: 'strict' } } },
    ],
  ])('%s', (_, expected, change) => {
    expect(ssl({ ...change, lines: [demanding] })).toBe(expected);
  });

  test('is named, with what to do', () => {
    expect(actionOf('ssl', { settings: strict, lines: [demanding] }).message).toMatch(
      /www\.example\.com demands a client certificate.*safeToDemand.*spec\.gate\.ignore/,
    );
  });
});
