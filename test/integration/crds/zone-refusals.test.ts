import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { KubeClient } from '../../../src/kube/client.ts';
import { originZones } from '../../../src/resources.ts';
import { kubeClient } from '../../support/kube-clients.ts';
import { Refusals, shown } from '../../support/refusals.ts';

let client: KubeClient;
let refusals: Refusals;

beforeAll(async () => {
  client = await kubeClient();
  refusals = new Refusals(client, '');
});

afterAll(async () => {
  await client.close();
});

const good = { zoneName: 'example.com', apiTokenSecretRef: { name: 'cloudflare-zone' } };
const noAddress = 'is no address: write host:port, such as ingress.example.svc:443 or [2001:db8::1]:443';
const noDuration = 'is no duration: write hours, minutes and seconds, such as';

describe('an OriginZone', () => {
  test.each<[object, string]>([
    [{ apiTokenSecretRef: undefined }, 'spec.apiTokenSecretRef: Required value'],
    [
      { apiTokenSecretRef: { name: 'a', key: 'a b' } },
      'spec.apiTokenSecretRef.key: Invalid value: "a b": is no key that a Secret can have: only letters, digits and -, _ and . are possible',
    ],
    [
      { zoneName: 'bücher.example' },
      'spec.zoneName: Invalid value: "bücher.example": is not ASCII: write its xn-- form',
    ],
    [
      { zoneName: '*.example.com' },
      'spec.zoneName: Invalid value: "*.example.com": is a wildcard: name the zone itself, as in example.com',
    ],
    [{ mode: 'enforce' }, 'spec.mode: Unsupported value: "enforce": supported values: "Observe", "Enforce"'],
    [
      { settings: {} },
      'spec.settings: Invalid value: 0: spec.settings in body should have at least 1 properties',
    ],
    [
      { settings: { ssl: 'Full' } },
      'spec.settings.ssl: Unsupported value: "Full": supported values: "off", "flexible", "full", "strict", "origin_pull"',
    ],
    [{ settings: { hsts: { maxAge: 1 } } }, 'spec.settings.hsts.enabled: Required value'],
    [
      { settings: { hsts: { enabled: true, maxAge: -1 } } },
      'spec.settings.hsts.maxAge: Invalid value: -1: spec.settings.hsts.maxAge in body should be greater than or equal to 0',
    ],
    [
      {
        settings: { hsts: { enabled: true, maxAge: 31_536_000, includeSubdomains: true, preload: true } },
      },
      'spec.settings.hsts.preload: Invalid value: is true, which locks visitors to https for a year and more, in browsers not yet installed: set acknowledgeLockIn to true if that is meant',
    ],
    [
      { settings: { hsts: { enabled: true, preload: true, acknowledgeLockIn: true } } },
      'spec.settings.hsts.preload: Invalid value: is true, which needs includeSubdomains: true and a maxAge of 31536000 (a year) or more: preload lists refuse less',
    ],
    [
      { restoreAfter: '15 minutes' },
      `spec.restoreAfter: Invalid value: "15 minutes": ${noDuration} 15m or 1h30m`,
    ],
    [
      { gate: { ignore: ['*'] } },
      'spec.gate.ignore[0]: Invalid value: "*": has a * elsewhere than as its whole first label: only *.example.com is possible',
    ],
    [{ gate: { ignore: ['a.com', 'a.com'] } }, 'spec.gate.ignore[1]: Duplicate value: "a.com"'],
    [{ gate: { trustedCASecretRef: {} } }, 'spec.gate.trustedCASecretRef.name: Required value'],
    [
      { probes: [{ hostnames: ['*.*'], addresses: ['a:443'] }] },
      'spec.probes[0].hostnames[0]: Invalid value: "*.*": has a * elsewhere than as the whole name or its first label: only * and *.example.com are possible',
    ],
    [
      { probes: [{ hostnames: ['*'], addresses: ['ingress.example'] }] },
      `spec.probes[0].addresses[0]: Invalid value: "ingress.example": ${noAddress}`,
    ],
    [
      { probes: [{ hostnames: ['*'], addresses: ['ingress.example:65536'] }] },
      `spec.probes[0].addresses[0]: Invalid value: "ingress.example:65536": ${noAddress}`,
    ],
    [
      { probes: [{ hostnames: ['*'], addresses: [] }] },
      'spec.probes[0].addresses: Invalid value: 0: spec.probes[0].addresses in body should have at least 1 items',
    ],
    [
      { authenticatedOriginPulls: { caSecretRef: { name: 'ca' } } },
      'spec.authenticatedOriginPulls.caSecretRef: Invalid value: is used only with mode Zone, and mode is Unmanaged: set mode to Zone, or leave caSecretRef out',
    ],
    [
      { authenticatedOriginPulls: { mode: 'Shared', publish: [{ kind: 'Pod', namespace: 'a', name: 'b' }] } },
      'spec.authenticatedOriginPulls.publish[0].kind: Unsupported value: "Pod": supported values: "Secret", "ConfigMap"',
    ],
    [
      { inventory: { interval: 'daily' } },
      `spec.inventory.interval: Invalid value: "daily": ${noDuration} 6h or 1h30m`,
    ],
    [
      { inventory: { interval: '59s' } },
      'spec.inventory.interval: Invalid value: "59s": must be 1m or more, because every listing costs requests',
    ],
  ])('with %j is refused in one sentence', async (change, sentence) => {
    expect(await refusals.of(originZones, { ...good, ...change })).toEqual([shown(sentence)]);
  });

  test('that names no zone, neither in its spec nor as its name, is told to', async () => {
    const { zoneName: _, ...spec } = good;
    expect(await refusals.of(originZones, spec, 'example')).toEqual([
      'spec.zoneName: Invalid value: is missing, and metadata.name, example, is no zone: give the zone, such as example.com',
    ]);
  });

  test('may be named after its zone instead of naming it', async () => {
    const { zoneName: _, ...spec } = good;
    expect((await refusals.tryCreate(originZones, spec, 'example.com')).spec).not.toHaveProperty('zoneName');
  });

  test('has its defaults filled in: it observes, verifies origins, and manages no setting', async () => {
    const created = await refusals.tryCreate(originZones, good);
    expect(created.spec).toEqual({
      ...good,
      apiTokenSecretRef: { name: 'cloudflare-zone', key: 'api-token' },
      mode: 'Observe',
      allowDowngrade: false,
      restoreAfter: '15m',
      gate: { origins: 'Verified' },
      authenticatedOriginPulls: { mode: 'Unmanaged' },
      inventory: { interval: '6h' },
    });
    expect(created).toMatchObject({ status: { observedGeneration: -1 } });
  });

  test.each<[string, object]>([
    [
      'every setting',
      {
        settings: {
          ssl: 'strict',
          minTlsVersion: '1.2',
          tls13: 'zrt',
          alwaysUseHttps: true,
          hsts: {
            enabled: true,
            maxAge: 63_072_000,
            includeSubdomains: true,
            preload: true,
            noSniff: true,
            acknowledgeLockIn: true,
          },
        },
      },
    ],
    ['preload in a header that is off', { settings: { hsts: { enabled: false, preload: true } } }],
    [
      'probes by name, IPv4 and IPv6',
      {
        probes: [
          { hostnames: ['*'], addresses: ['ingress.web.svc:443', '192.0.2.1:65535', '[2001:db8::1]:8443'] },
          { hostnames: ['example.com', '*.example.com'], addresses: ['a:1'] },
        ],
      },
    ],
    [
      'a client certificate of a shared CA',
      {
        authenticatedOriginPulls: {
          mode: 'Zone',
          caSecretRef: { name: 'ca' },
          publish: [{ kind: 'ConfigMap', namespace: 'gateway', name: 'ca' }],
        },
      },
    ],
    ['an undo at once', { restoreAfter: '0s' }],
  ])('with %s is taken', async (_, change) => {
    expect((await refusals.tryCreate(originZones, { ...good, ...change })).spec).toMatchObject(change);
  });
});

/** What kubectl sends for a manifest: its YAML is of version 1.1, where off, on and their like are booleans. */
function written(yaml: string): object {
  return parse(yaml, { version: '1.1' }) as object;
}

describe('YAML without quotes', () => {
  test.each([
    [
      'settings: { ssl: off }',
      'spec.settings.ssl: Unsupported value: false: supported values: "off", "flexible", "full", "strict", "origin_pull"',
    ],
    [
      'settings: { tls13: on }',
      'spec.settings.tls13: Unsupported value: true: supported values: "on", "off", "zrt"',
    ],
    [
      'settings: { minTlsVersion: 1.2 }',
      'spec.settings.minTlsVersion: Unsupported value: 1.2: supported values: "1.0", "1.1", "1.2", "1.3"',
    ],
    [
      'settings: { minTlsVersion: 1.0 }',
      'spec.settings.minTlsVersion: Unsupported value: 1: supported values: "1.0", "1.1", "1.2", "1.3"',
    ],
    [
      'authenticatedOriginPulls: { mode: Off }',
      'spec.authenticatedOriginPulls.mode: Unsupported value: false: supported values: "Unmanaged", "Off", "Shared", "Zone"',
    ],
    [
      "settings: { alwaysUseHttps: 'on' }",
      'spec.settings.alwaysUseHttps: Invalid value: "string": spec.settings.alwaysUseHttps in body must be of type boolean: "string"',
    ],
  ])('%s is refused by a sentence that shows what was read', async (yaml, sentence) => {
    expect(await refusals.of(originZones, { ...good, ...written(yaml) })).toContain(sentence);
  });

  test('alwaysUseHttps: on is what it looks like', async () => {
    const { spec } = await refusals.tryCreate(originZones, {
      ...good,
      ...written('settings: { alwaysUseHttps: on }'),
    });
    expect(spec).toMatchObject({ settings: { alwaysUseHttps: true } });
  });
});
