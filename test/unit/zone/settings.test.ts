import { describe, expect, test } from 'vitest';
import { hstsOf, hstsTarget, hstsWire } from '../../../src/zone/hsts.ts';
import {
  askedText,
  readSettings,
  SETTING_NAMES,
  shownSettings,
  textOf,
  wireId,
} from '../../../src/zone/settings.ts';
import { hstsValue, worldOf } from './world-fixtures.ts';

type Settings = NonNullable<Parameters<typeof worldOf>[0]>['settings'];

function specOf(settings?: Settings) {
  return worldOf(settings === undefined ? {} : { settings }).spec;
}

test('every setting has its id at Cloudflare', () => {
  expect(SETTING_NAMES.map(wireId)).toEqual([
    'ssl_automatic_mode',
    'ssl',
    'always_use_https',
    'security_header',
    'min_tls_version',
    'tls_1_3',
  ]);
});

describe('what is asked for has one text', () => {
  test.each<[Settings, (typeof SETTING_NAMES)[number], string | undefined]>([
    [undefined, 'ssl', undefined],
    [{ tls13: 'zrt' }, 'ssl', undefined],
    [{ tls13: 'zrt' }, 'sslAutomaticMode', undefined],
    [{ ssl: 'off' }, 'sslAutomaticMode', 'custom'],
    [{ alwaysUseHttps: false }, 'alwaysUseHttps', 'off'],
    [{ alwaysUseHttps: true }, 'alwaysUseHttps', 'on'],
    [{ tls13: 'zrt' }, 'tls13', 'zrt'],
    [{ minTlsVersion: '1.2' }, 'minTlsVersion', '1.2'],
    [
      { hsts: { preload: false, enabled: true, acknowledgeLockIn: true } },
      'hsts',
      'enabled=true preload=false',
    ],
  ])('%j %s: %s', (settings, name, text) => {
    expect(askedText(specOf(settings), name)).toBe(text);
  });
});

describe('a value has one text', () => {
  test.each<[(typeof SETTING_NAMES)[number], unknown, string]>([
    ['ssl', 'origin_pull', 'origin_pull'],
    [
      'hsts',
      hstsValue(true, 60),
      'enabled=true maxAge=60 includeSubdomains=false preload=false noSniff=false',
    ],
    ['hsts', null, 'null'],
    ['ssl', { mode: 'strict' }, '{"mode":"strict"}'],
    ['ssl', undefined, 'undefined'],
    ['ssl', 'x'.repeat(1000), `"${'x'.repeat(59)}`],
  ])('%s %j: %s', (name, value, text) => {
    expect(textOf(name, value)).toBe(text);
  });
});

test('what is not managed is not read, but ssl and what decides whether a mode would do harm', () => {
  expect(readSettings(specOf())).toEqual(['ssl']);
  expect(readSettings(specOf({ tls13: 'on' }))).toEqual(['ssl', 'tls13']);
  expect(readSettings(specOf({ ssl: 'strict' }))).toEqual(['sslAutomaticMode', 'ssl', 'alwaysUseHttps']);
  expect(readSettings(specOf({ ssl: 'off' }))).toEqual(['sslAutomaticMode', 'ssl', 'alwaysUseHttps', 'hsts']);
  expect(shownSettings(specOf({ ssl: 'off' }))).toEqual(['sslAutomaticMode', 'ssl']);
});

describe('the header', () => {
  test('is read with what it leaves out as off', () => {
    expect(hstsOf({ strict_transport_security: { enabled: true } })).toEqual({
      enabled: true,
      maxAge: 0,
      includeSubdomains: false,
      preload: false,
      noSniff: false,
    });
  });

  test.each([undefined, null, 'on', [], {}, { strict_transport_security: 'on' }])(
    'is not read from %j',
    (value) => {
      expect(hstsOf(value)).toBeUndefined();
    },
  );

  test('is sent as it is read', () => {
    const value = hstsValue(true, 17, { includeSubdomains: true });
    expect(hstsWire(hstsOf(value)!)).toEqual(value);
  });

  const observed = { enabled: true, maxAge: 600, includeSubdomains: true, preload: false, noSniff: true };
  const asked = {
    enabled: false,
    maxAge: 60,
    includeSubdomains: false,
    preload: true,
    noSniff: false,
    acknowledgeLockIn: true,
  };

  test('is, field by field, the stricter of asked and observed', () => {
    expect(hstsTarget(asked, observed, false)).toEqual({ ...observed, preload: true });
  });

  test('is what is asked for where downgrades are allowed', () => {
    const { acknowledgeLockIn: _, ...fields } = asked;
    expect(hstsTarget(asked, observed, true)).toEqual(fields);
  });

  test('keeps what is not asked for', () => {
    const enabled = { enabled: true, acknowledgeLockIn: false };
    expect(hstsTarget(enabled, { ...observed, enabled: false }, true)).toEqual(observed);
  });

  test('does not take over what lies dormant in one that is not sent', () => {
    const dormant = { ...observed, enabled: false, maxAge: 31_536_000 };
    expect(hstsTarget({ ...asked, enabled: true }, dormant, false)).toMatchObject({
      enabled: true,
      maxAge: 60,
      includeSubdomains: false,
    });
  });
});
