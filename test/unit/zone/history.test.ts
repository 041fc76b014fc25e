import { describe, expect, test } from 'vitest';
import type { OriginZone } from '../../../src/api/v1alpha1.ts';
import { historyAfter, historyFromStatus, type Remembered } from '../../../src/zone/history.ts';
import { ZoneMemory } from '../../../src/zone/memory.ts';
import type { SettingAction } from '../../../src/zone/world.ts';
import { originZone } from './fixtures.ts';

const MINUTE = 60_000;
const NOW = Date.parse('2026-11-21T12:00:00Z');
const INSTANT = { now: NOW, monotonic: 1_000_000 };

type Setting = NonNullable<NonNullable<OriginZone['status']>['settings']>[number];

function statusWith(setting: Partial<Setting>): OriginZone['status'] {
  const lastTransitionTime = '2026-11-21T11:50:00Z';
  return {
    settings: [
      { name: 'ssl', inSync: true, reason: 'InSync', desired: 'strict', lastTransitionTime, ...setting },
    ],
  };
}

const from = (setting: Partial<Setting>, asked: string | undefined = 'strict') =>
  historyFromStatus(statusWith(setting), 'ssl', asked, INSTANT);

describe('a process that has just begun', () => {
  test('takes for drift what differs from what the status says was in sync', () => {
    expect(from({})).toMatchObject({ lastInSync: 'strict', differsSinceMs: undefined });
  });

  test('goes on waiting since the drift was first seen', () => {
    expect(from({ inSync: false, drifted: true, reason: 'RestorePending' })).toMatchObject({
      lastInSync: 'strict',
      differsSinceMs: INSTANT.monotonic - 10 * MINUTE,
      differsAt: NOW - 10 * MINUTE,
    });
  });

  test('takes for drift what waits for its origins before it is restored', () => {
    expect(from({ inSync: false, drifted: true, reason: 'GateWaiting' }).lastInSync).toBe('strict');
  });

  test.each([
    ['a roll-out is one', { inSync: false, reason: 'GateClosed' }, 'strict'],
    ['another value is asked for', {}, 'full'],
    ['nothing is asked for', {}, undefined],
    ['the status is of another setting', { name: 'tls13' }, 'strict'],
  ])('knows nothing where %s', (_, setting, asked) => {
    expect(historyFromStatus(statusWith(setting), 'ssl', asked, INSTANT).lastInSync).toBeUndefined();
  });

  test('is not fooled by a time that is none, or to come', () => {
    expect(
      from({ inSync: false, drifted: true, reason: 'DriftAlarm', lastTransitionTime: 'x' }).differsSinceMs,
    ).toBeUndefined();
    const later = from({
      inSync: false,
      drifted: true,
      reason: 'DriftAlarm',
      lastTransitionTime: '2027-01-01T00:00:00Z',
    });
    expect(later.differsSinceMs).toBe(INSTANT.monotonic);
  });
});

const BLANK: Remembered = {
  lastInSync: undefined,
  differsSinceMs: undefined,
  patchedMs: undefined,
  patchedTo: undefined,
  refusal: undefined,
  askedThen: undefined,
};
const keep = {
  name: 'ssl',
  type: 'Keep',
  inSync: true,
  reason: 'InSync',
  message: '',
} satisfies SettingAction;
const hold = {
  name: 'ssl',
  type: 'Hold',
  inSync: false,
  reason: 'GateClosed',
  message: '',
  stalled: false,
} satisfies SettingAction;
const unread = {
  name: 'ssl',
  type: 'Unread',
  inSync: false,
  reason: 'Unknown',
  message: '',
} satisfies SettingAction;

const at = (ms: number) => ({ now: NOW + ms, monotonic: ms });

describe('after a decision', () => {
  test('what is in sync is remembered as asked for then', () => {
    const differed = { ...BLANK, differsSinceMs: 5, askedThen: 'full' };
    expect(historyAfter(differed, keep, 'strict', at(9))).toMatchObject({
      lastInSync: 'strict',
      differsSinceMs: undefined,
    });
  });

  test('a difference is dated by its first sight, and anew when something else is asked for', () => {
    const first = historyAfter(BLANK, hold, 'strict', at(9));
    expect(first).toMatchObject({ differsSinceMs: 9, differsAt: NOW + 9 });
    expect(historyAfter(first, hold, 'strict', at(20)).differsSinceMs).toBe(9);
    expect(historyAfter(first, hold, 'full', at(20))).toMatchObject({
      differsSinceMs: 20,
      differsAt: NOW + 20,
    });
  });

  test('what was not read says nothing', () => {
    const before = { ...BLANK, lastInSync: 'strict', differsSinceMs: 3 };
    expect(historyAfter(before, unread, 'strict', at(9))).toBe(before);
  });
});

describe('the restores', () => {
  const memory = new ZoneMemory({
    ...originZone(),
    status: {
      zone: { name: 'example.com' },
      restores: [
        { setting: 'ssl', time: '2026-11-20T11:59:59Z' },
        { setting: 'ssl', time: '2026-11-20T12:00:01Z' },
        { setting: 'tls13', time: '2026-11-21T11:00:00Z' },
        { setting: 'ssl', time: 'garbage' },
      ],
    },
  });

  test('of a setting within a day are known from the status', () => {
    expect(memory.restoresOf('ssl', NOW)).toEqual([Date.parse('2026-11-20T12:00:01Z')]);
  });

  test("of another zone are nobody's", () => {
    const status = {
      zone: { name: 'example.org' },
      restores: [{ setting: 'ssl', time: '2026-11-21T11:00:00Z' }],
    };
    expect(new ZoneMemory({ ...originZone(), status }).restores).toEqual([]);
  });

  test('are kept up to twelve, two a day of each setting, the newest', () => {
    for (let n = 0; n < 14; n++) memory.restored({ setting: 'ssl', time: NOW + n });
    expect(memory.restores).toHaveLength(12);
    expect(memory.restores.at(-1)?.time).toBe(NOW + 13);
  });
});
