import { describe, expect, test } from 'vitest';
import { CloudflareError } from '../../../src/cloudflare/errors.ts';
import { ZoneMemory } from '../../../src/zone/memory.ts';
import { nextReadingMs, waitsForBudget } from '../../../src/zone/view.ts';
import { originZone } from './fixtures.ts';

const at = { now: 1_000_000, monotonic: 0 };
const facts = {
  id: 'z',
  name: 'example.com',
  status: 'active',
  paused: false,
  account: { id: undefined, name: undefined },
} as const;

describe('the next reading', () => {
  const zone = originZone({ settings: { ssl: 'strict' } });

  test('of a zone that was not found is the next look for it, not one of settings that it does not have', () => {
    const memory = new ZoneMemory(zone);
    memory.lookup.succeeded({ state: 'none' }, at, 300_000);
    expect(nextReadingMs({ memory, facts: undefined, zone })).toBe(300_000);
  });

  test('of a zone that was found is at once while a setting or the records were never read', () => {
    const memory = new ZoneMemory(zone);
    memory.lookup.succeeded({ state: 'found', zone: facts }, at, 300_000);
    expect(nextReadingMs({ memory, facts, zone })).toBe(Number.NEGATIVE_INFINITY);
  });

  test('is the first that is due', () => {
    const memory = new ZoneMemory(zone);
    memory.lookup.succeeded({ state: 'found', zone: facts }, at, 300_000);
    memory.records.succeeded(
      { listing: { complete: true, records: [] }, routes: { routes: [], problems: [] } },
      at,
      200_000,
    );
    for (const name of ['sslAutomaticMode', 'ssl', 'alwaysUseHttps'] as const)
      memory.setting(name).succeeded({ value: 'on', editable: true, readMs: 0 }, at, 100_000);
    expect(nextReadingMs({ memory, facts, zone })).toBe(100_000);
  });
});

describe('a zone waits for the request budget', () => {
  const zone = originZone({ settings: { ssl: 'strict' } });
  const NAMES = ['sslAutomaticMode', 'ssl', 'alwaysUseHttps'] as const;
  const found = () => {
    const memory = new ZoneMemory(zone);
    memory.lookup.succeeded({ state: 'found', zone: facts }, at, 300_000);
    return memory;
  };

  test('while a setting was never asked for', () => {
    expect(waitsForBudget({ memory: found(), zone })).toBe(true);
  });

  test('not when everything was read, also what this version does not know', () => {
    const memory = found();
    for (const name of NAMES)
      memory.setting(name).succeeded({ value: 'maybe', editable: true, readMs: 0 }, at, 100_000);
    expect(waitsForBudget({ memory, zone })).toBe(false);
  });

  test('not when Cloudflare refused to tell one of the settings', () => {
    const memory = found();
    const options = { kind: 'PermissionMissing', definite: true, operation: 'get_setting' } as const;
    memory.setting('ssl').failed(new CloudflareError('refused', options), at, 0);
    expect(waitsForBudget({ memory, zone })).toBe(false);
  });
});
