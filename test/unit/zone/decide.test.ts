import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/zone/decide.ts';
import { wordsOf } from '../../../src/zone/settings-difference.ts';
import type { SettingName } from '../../../src/zone/world.ts';
import {
  actionOf,
  decided,
  hstsValue,
  line,
  MINUTE,
  MONOTONIC,
  untrusted,
  worldOf,
  type WorldChange,
} from './world-fixtures.ts';

const ALL = {
  ssl: 'strict',
  minTlsVersion: '1.2',
  tls13: 'on',
  alwaysUseHttps: true,
  hsts: { enabled: true, acknowledgeLockIn: false },
} as const;
const STRICT = { values: { ssl: 'strict' } } as const;

test('there is an action for each managed setting, in the order in which they must be done', () => {
  expect(decide(worldOf({ settings: ALL })).map(({ name }) => name)).toEqual([
    'sslAutomaticMode',
    'ssl',
    'alwaysUseHttps',
    'hsts',
    'minTlsVersion',
    'tls13',
  ]);
});

test('ssl is shown although nothing is managed', () => {
  expect(decide(worldOf())).toEqual([
    {
      name: 'ssl',
      type: 'Keep',
      inSync: true,
      reason: 'InSync',
      message: 'ssl is flexible; spec.settings does not manage it.',
    },
  ]);
});

describe('a setting of one word', () => {
  test.each<[string, SettingName, string, WorldChange]>([
    [
      'is kept as asked for',
      'tls13',
      'Keep InSync',
      { settings: { tls13: 'zrt' }, values: { tls13: 'zrt' } },
    ],
    ['is set where it is weaker', 'tls13', 'RollOut off to on', { settings: { tls13: 'on' } }],
    [
      'is kept where it is stricter',
      'tls13',
      'Keep StricterThanAsked',
      { settings: { tls13: 'zrt' }, values: { tls13: 'on' } },
    ],
    [
      'is lowered where that is allowed',
      'tls13',
      'RollOut on to zrt',
      { settings: { tls13: 'zrt' }, values: { tls13: 'on' }, spec: { allowDowngrade: true } },
    ],
    [
      'is compared by number, not by text',
      'minTlsVersion',
      'RollOut 1.0 to 1.2',
      { settings: { minTlsVersion: '1.2' }, values: { ssl: 'full' } },
    ],
    [
      'is kept where it is on and need not be',
      'alwaysUseHttps',
      'Keep StricterThanAsked',
      { settings: { alwaysUseHttps: false }, values: { alwaysUseHttps: 'on' } },
    ],
    [
      'is left as it is while it could not be read',
      'tls13',
      'Unread Unknown',
      { settings: { tls13: 'on' }, values: { tls13: undefined } },
    ],
    [
      'is left as it is where its value is not known here',
      'ssl',
      'Unread Unknown',
      { settings: { ssl: 'strict' }, values: { ssl: 'quantum' } },
    ],
    [
      'is set to custom before ssl is touched',
      'sslAutomaticMode',
      'RollOut auto to custom',
      { settings: { ssl: 'full' }, values: { sslAutomaticMode: 'auto' } },
    ],
  ])('%s', (_, name, expected, change) => {
    expect(decided(name, change)).toBe(expected);
  });
});

describe('a difference is held', () => {
  const tls13 = { settings: { tls13: 'on' } } as const;
  const refusal = { reason: 'PermissionMissing', message: 'not allowed', untilMs: MONOTONIC + 1 };

  test.each<[string, string, WorldChange]>([
    ['while the zone is not active', 'Hold ZoneNotActive', { world: { zoneProblem: 'It is paused.' } }],
    ['while nothing may be changed', 'Hold NotEnforced', { world: { enforce: false } }],
    ['where the plan does not allow the change', 'Hold NotEditable', { readOnly: ['tls13'] }],
    ['while a refusal stands', 'Hold Refused', { history: { tls13: { refusal } } }],
  ])('%s', (_, expected, change) => {
    expect(decided('tls13', { ...tls13, ...change })).toBe(expected);
  });

  test('no longer once the refusal has stood its time', () => {
    const over = { refusal: { ...refusal, untilMs: MONOTONIC } };
    expect(decided('tls13', { ...tls13, history: { tls13: over } })).toBe('RollOut off to on');
  });

  test('needs a person where the plan or Cloudflare refuses', () => {
    expect(actionOf('tls13', { ...tls13, readOnly: ['tls13'] })).toMatchObject({ stalled: true });
    expect(actionOf('tls13', { ...tls13, history: { tls13: { refusal } } })).toMatchObject({
      stalled: true,
      againMs: refusal.untilMs,
      message: expect.stringContaining('(PermissionMissing): not allowed'),
    });
  });

  test('needs none where Cloudflare only asks to wait', () => {
    const slow = { ...refusal, reason: 'RateLimited' };
    expect(actionOf('tls13', { ...tls13, history: { tls13: { refusal: slow } } })).toMatchObject({
      message: expect.stringMatching(/The change did not get through \(RateLimited\): not allowed$/),
      stalled: false,
      againMs: refusal.untilMs,
    });
  });

  test('is not called a refusal of Cloudflare where our own budget was short, and is said in the same words each time', () => {
    const short = { ...refusal, reason: 'BudgetExhausted', message: 'The next try is in about 3s.' };
    const { message } = actionOf('tls13', { ...tls13, history: { tls13: { refusal: short } } });
    expect(message).toMatch(/The change waits for the request budget\. Nothing needs to be done\.$/);
  });

  test('in Observe with the difference in words and how to have it changed', () => {
    const world = { enforce: false, hindrance: 'spec.mode is Observe' };
    const action = actionOf('tls13', { ...tls13, spec: { mode: 'Observe' }, world });
    expect(wordsOf(action)).toBe(
      'tls13 is off, asked for is on. Nothing is changed: spec.mode is Observe. To have it changed: ' +
        `kubectl patch originzone shop --type=merge -p '{"spec":{"mode":"Enforce"}}'.`,
    );
  });

  test('by the annotation without the advice to set what is set already', () => {
    const world = { enforce: false, hindrance: 'it is held until 2026-12-01T00:00:00Z' };
    expect(wordsOf(actionOf('tls13', { ...tls13, world }))).toBe(
      'tls13 is off, asked for is on. Nothing is changed: it is held until 2026-12-01T00:00:00Z.',
    );
  });
});

describe('alwaysUseHttps is switched on', () => {
  const settings = { alwaysUseHttps: true };
  const redirecting = line({ redirectsToHttp: true, beganMs: 0 });

  test.each<[string, string, WorldChange]>([
    ['under full', 'RollOut off to on', { values: { ssl: 'full' } }],
    ['not under off', 'Hold WouldLoop', { values: { ssl: 'off' } }],
    ['not under flexible', 'Hold WouldLoop', {}],
    ['after ssl where that is to come', 'Hold WaitingForSsl', { settings: { ...settings, ssl: 'strict' } }],
    ['not before ssl is known', 'Hold WaitingForSsl', { values: { ssl: undefined } }],
    ['not while an origin sends visitors back', 'Hold WouldLoop', { ...STRICT, lines: [redirecting] }],
    [
      'not before every origin was seen',
      'Hold GateWaiting',
      { ...STRICT, gate: { missing: ['a.example.com'] } },
    ],
    ['not before the records are known', 'Hold GateWaiting', { ...STRICT, gate: { complete: false } }],
    [
      'by origins with any certificate',
      'RollOut off to on',
      { ...STRICT, lines: [untrusted({ beganMs: 0 })] },
    ],
    [
      'without a look where the gate is skipped',
      'RollOut off to on',
      { ...STRICT, lines: [redirecting], spec: { gate: { origins: 'Skip' } } },
    ],
  ])('%s', (_, expected, change) => {
    expect(decided('alwaysUseHttps', { settings, ...change })).toBe(expected);
  });

  test('and off again whatever ssl is', () => {
    const change = { settings: { alwaysUseHttps: false }, values: { alwaysUseHttps: 'on' } };
    expect(decided('alwaysUseHttps', { ...change, spec: { allowDowngrade: true } })).toBe(
      'RollOut on to off',
    );
  });
});

describe('minTlsVersion is raised', () => {
  const settings = { minTlsVersion: '1.2' } as const;

  test.each<[string, string, WorldChange]>([
    ['under full', 'RollOut 1.0 to 1.2', { values: { ssl: 'full' } }],
    ['not under flexible', 'Hold WaitingForSsl', {}],
    ['not under off', 'Hold WaitingForSsl', { values: { ssl: 'off' } }],
    ['not before ssl is known', 'Hold WaitingForSsl', { values: { ssl: undefined } }],
  ])('%s', (_, expected, change) => {
    expect(decided('minTlsVersion', { settings, ...change })).toBe(expected);
  });

  test('after ssl without a person, or with one where ssl will not come by itself', () => {
    expect(actionOf('minTlsVersion', { settings })).toMatchObject({ stalled: true });
    expect(actionOf('minTlsVersion', { settings: { ...settings, ssl: 'full' } })).toMatchObject({
      stalled: false,
    });
  });

  test('and lowered under flexible where that is allowed', () => {
    const change = { settings, values: { minTlsVersion: '1.3' }, spec: { allowDowngrade: true } };
    expect(decided('minTlsVersion', change)).toBe('RollOut 1.3 to 1.2');
  });
});

describe('hsts', () => {
  const YEAR = 31_536_000;
  const long = { enabled: true, maxAge: YEAR, acknowledgeLockIn: false };
  const preload = { ...long, includeSubdomains: true, preload: true };

  test.each<[string, string, WorldChange]>([
    ['is held before it preloads', 'Hold LockIn', { ...STRICT, settings: { hsts: preload } }],
    [
      'preloads once that is acknowledged',
      'RollOut',
      { ...STRICT, settings: { hsts: { ...preload, acknowledgeLockIn: true } } },
    ],
    ['is held for long under flexible', 'Hold LockIn', { settings: { hsts: long } }],
    ['is held for long under off', 'Hold LockIn', { settings: { hsts: long }, values: { ssl: 'off' } }],
    [
      'is held for long before ssl is known',
      'Hold LockIn',
      { settings: { hsts: long }, values: { ssl: undefined } },
    ],
    [
      'is set for long under full with good origins',
      'RollOut',
      { settings: { hsts: long }, values: { ssl: 'full' } },
    ],
    [
      'is held for long while an origin is not valid',
      'Hold LockIn',
      { ...STRICT, settings: { hsts: long }, lines: [line(), untrusted()] },
    ],
    [
      'is held for long while the records are not known',
      'Hold LockIn',
      { ...STRICT, settings: { hsts: long }, gate: { complete: false } },
    ],
    [
      'is held for long where nobody looks at origins',
      'Hold LockIn',
      { ...STRICT, settings: { hsts: long }, spec: { gate: { origins: 'Skip' } } },
    ],
    [
      'is set for long under flexible once that is acknowledged',
      'RollOut',
      { settings: { hsts: { ...long, acknowledgeLockIn: true } } },
    ],
    ['is set for a day whatever ssl is', 'RollOut', { settings: { hsts: { ...long, maxAge: 86_400 } } }],
    [
      'is held where enabling would bring a long age to life',
      'Hold LockIn',
      {
        settings: { hsts: { enabled: true, acknowledgeLockIn: false } },
        values: { hsts: hstsValue(false, YEAR) },
      },
    ],
    [
      'may be changed around an age that is long already',
      'RollOut',
      { settings: { hsts: { ...long, noSniff: true } }, values: { hsts: hstsValue(true, YEAR) } },
    ],
    [
      'is held where a long age would bind more names',
      'Hold LockIn',
      { settings: { hsts: { ...long, includeSubdomains: true } }, values: { hsts: hstsValue(true, YEAR) } },
    ],
    [
      'is kept where it is stricter',
      'Keep StricterThanAsked',
      { settings: { hsts: { ...long, maxAge: 60 } }, values: { hsts: hstsValue(true, YEAR) } },
    ],
    [
      'is kept where fields that are not asked for differ',
      'Keep InSync',
      {
        settings: { hsts: long },
        values: { hsts: hstsValue(true, YEAR, { includeSubdomains: true, noSniff: true }) },
      },
    ],
    [
      'is switched off where that is allowed',
      'RollOut',
      {
        settings: { hsts: { enabled: false, acknowledgeLockIn: false } },
        values: { hsts: hstsValue(true, YEAR) },
        spec: { allowDowngrade: true },
      },
    ],
    [
      'is left as it is where the answer is none',
      'Unread Unknown',
      { settings: { hsts: long }, values: { hsts: 'on' } },
    ],
  ])('%s', (_, expected, change) => {
    expect(decided('hsts', change)).toMatch(new RegExp(`^${expected}`));
  });

  test('asks for fresh verdicts before it binds visitors for long', () => {
    const change = {
      ...STRICT,
      settings: { hsts: long },
      lines: [line({ beganMs: MONOTONIC - 5 * MINUTE })],
    };
    expect(actionOf('hsts', change)).toMatchObject({
      reason: 'LockIn',
      stalled: false,
      probeSinceMs: MONOTONIC - MINUTE,
    });
  });

  test('is sent with all five fields, those not asked for as they were', () => {
    const values = { hsts: hstsValue(true, 60, { includeSubdomains: true, noSniff: true }) };
    const settings = { hsts: { enabled: true, maxAge: 3600, noSniff: false, acknowledgeLockIn: false } };
    expect(actionOf('hsts', { settings, values })).toMatchObject({
      type: 'Patch',
      value: hstsValue(true, 3600, { includeSubdomains: true, noSniff: true }),
      from: 'enabled=true maxAge=60 includeSubdomains=true preload=false noSniff=true',
      to: 'enabled=true maxAge=3600 includeSubdomains=true preload=false noSniff=true',
    });
  });
});
