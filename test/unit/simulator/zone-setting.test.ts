import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  SETTING_DEFAULTS,
  hstsHeader,
  isSettingId,
  settingAfter,
  type SecurityHeader,
  type SettingId,
} from '../../simulator/rules/zone-setting.ts';

const FULL: SecurityHeader['strict_transport_security'] = {
  enabled: true,
  max_age: 31_536_000,
  include_subdomains: true,
  preload: false,
  nosniff: true,
};

function after(id: SettingId, requested: unknown): unknown {
  return settingAfter(id, requested, SETTING_DEFAULTS[id]);
}

describe('a zone setting', () => {
  test.each<[SettingId, unknown]>([
    ['ssl', 'strict'],
    ['ssl', 'origin_pull'],
    ['ssl_automatic_mode', 'auto'],
    ['min_tls_version', '1.2'],
    ['tls_1_3', 'zrt'],
    ['always_use_https', 'on'],
    ['automatic_https_rewrites', 'off'],
    ['opportunistic_encryption', 'off'],
    ['tls_client_auth', 'on'],
    ['ciphers', ['ECDHE-RSA-AES128-GCM-SHA256']],
    ['ciphers', []],
  ])('%s takes %j', (id, value) => {
    expect(after(id, value)).toEqual(value);
  });

  test.each<[SettingId, unknown]>([
    ['ssl', 'stricter'],
    ['ssl', undefined],
    ['ssl_automatic_mode', 'on'],
    ['min_tls_version', 1.2],
    ['min_tls_version', '1.4'],
    ['tls_1_3', 'true'],
    ['always_use_https', true],
    ['tls_client_auth', 'yes'],
    ['ciphers', 'AES128-SHA'],
    ['ciphers', [1]],
    ['security_header', { enabled: true }],
    ['security_header', { strict_transport_security: [] }],
    ['security_header', { strict_transport_security: { max_age: '1' } }],
    ['security_header', { strict_transport_security: { max_age: -1 } }],
    ['security_header', { strict_transport_security: { max_age: 1.5 } }],
    ['security_header', { strict_transport_security: { preload: 'on' } }],
    ['security_header', { strict_transport_security: { include_subdomains: null } }],
  ])('%s does not take %j', (id, value) => {
    expect(after(id, value)).toBeUndefined();
  });

  test('is known by its own name only', () => {
    expect(['ssl', 'ssl_tls_configuration_mode', 'toString'].map(isSettingId)).toEqual([true, false, false]);
  });
});

describe('security_header', () => {
  const header = fc.record({
    enabled: fc.boolean(),
    max_age: fc.nat(),
    include_subdomains: fc.boolean(),
    preload: fc.boolean(),
    nosniff: fc.boolean(),
  });

  test('keeps what a request leaves out, and takes the rest', () => {
    const names = fc.subarray(Object.keys(FULL));
    fc.assert(
      fc.property(header, header, names, (before, wanted, sent) => {
        const asked = Object.fromEntries(Object.entries(wanted).filter(([name]) => sent.includes(name)));
        const request = { strict_transport_security: asked };
        expect(settingAfter('security_header', request, { strict_transport_security: before })).toEqual({
          strict_transport_security: { ...before, ...asked },
        });
      }),
    );
  });

  test.each<[Partial<typeof FULL>, string | undefined]>([
    [{}, 'max-age=31536000; includeSubDomains'],
    [{ include_subdomains: false, max_age: 0 }, 'max-age=0'],
    [{ preload: true }, 'max-age=31536000; includeSubDomains; preload'],
    [{ enabled: false }, undefined],
  ])('with %j tells visitors %s', (change, header) => {
    expect(hstsHeader({ strict_transport_security: { ...FULL, ...change } })).toBe(header);
  });
});
