import { describe, expect, test } from 'vitest';
import type { SettingHistory } from '../../../src/zone/world.ts';
import {
  actionOf,
  broken,
  DAY,
  decided,
  line,
  MINUTE,
  MONOTONIC,
  NOW,
  untrusted,
  type WorldChange,
} from './world-fixtures.ts';

const settings = { ssl: 'strict' } as const;
const HOUR = 60 * MINUTE;

/** ssl was strict and somebody changed it `agoMs` ago. */
function drifted(
  to: string,
  agoMs: number,
  more: Partial<SettingHistory> = {},
  change: WorldChange = {},
): WorldChange {
  return {
    settings,
    values: { ssl: to },
    ...change,
    history: { ssl: { lastInSync: 'strict', differsSinceMs: MONOTONIC - agoMs, ...more } },
  };
}

describe('a setting that somebody else changed', () => {
  const tls13 = { settings: { tls13: 'on' } } as const;

  test('is restored at once', () => {
    expect(decided('tls13', { ...tls13, history: { tls13: { lastInSync: 'on' } } })).toBe(
      'Restore off to on',
    );
  });

  test('is rolled out where the spec asks for something else than was in sync', () => {
    expect(decided('tls13', { ...tls13, history: { tls13: { lastInSync: 'zrt' } } })).toBe(
      'RollOut off to on',
    );
  });

  test('is restored with words that say who did what and how to stop it', () => {
    const { message } = actionOf('tls13', { ...tls13, history: { tls13: { lastInSync: 'on' } } });
    expect(message).toContain('Somebody else changed tls13 from on to off; it is set to on.');
    expect(message).toContain('kubectl annotate originzone shop --overwrite originca.dev/hold-until=');
    expect(message).toContain('"mode":"Observe"');
  });
});

describe('a lowered strict', () => {
  test.each<[string, string, WorldChange]>([
    ['goes from flexible to full at once', 'Restore flexible to full', drifted('flexible', MINUTE)],
    ['goes from off to full at once', 'Restore off to full', drifted('off', MINUTE)],
    [
      'goes to full with certificates that only full accepts',
      'Restore off to full',
      drifted('off', MINUTE, {}, { lines: [untrusted()] }),
    ],
    [
      'stays flexible while an origin has no TLS',
      'Hold GateClosed',
      drifted('flexible', MINUTE, {}, { lines: [broken()] }),
    ],
    [
      'stays flexible until origins were seen after the change',
      'Hold GateWaiting',
      drifted('flexible', MINUTE / 2 - 1),
    ],
    ['stays full for restoreAfter', 'Hold RestorePending', drifted('full', 15 * MINUTE - 1)],
    [
      'comes back after restoreAfter',
      'Restore full to strict',
      drifted('full', 15 * MINUTE, {}, { lines: [line({ beganMs: MONOTONIC })] }),
    ],
    [
      'comes back only after a look at the origins since then',
      'Hold GateWaiting',
      drifted('full', 15 * MINUTE, {}, { lines: [line({ beganMs: MONOTONIC - 1 })] }),
    ],
    [
      'does not come back while an origin fails',
      'Hold GateClosed',
      drifted('full', HOUR, {}, { lines: [untrusted()] }),
    ],
    [
      'comes back as its second step without counting again',
      'RollOut full to strict',
      drifted('full', HOUR, { patchedTo: 'full', patchedMs: MONOTONIC - HOUR + 1 }),
    ],
    [
      'counts again where the first step belonged to an earlier change',
      'Restore full to strict',
      drifted('full', HOUR, { patchedTo: 'full', patchedMs: MONOTONIC - HOUR - 1 }),
    ],
    [
      'comes back at once where it was never in sync',
      'RollOut full to strict',
      { settings, values: { ssl: 'full' }, history: { ssl: { lastInSync: 'full' } } },
    ],
  ])('%s', (_, expected, change) => {
    expect(decided('ssl', change)).toBe(expected);
  });

  test('says until when it stands, why, and how to stop it', () => {
    expect(actionOf('ssl', drifted('full', MINUTE))).toMatchObject({
      stalled: false,
      againMs: MONOTONIC + 14 * MINUTE,
      message: expect.stringMatching(
        /full stands until 2026-11-21T12:14:00Z \(spec.restoreAfter 15m\).*hold-until/s,
      ),
    });
  });

  test('stands until the same moment, however the two clocks are read', () => {
    const seenAt = { differsAt: NOW - MINUTE };
    // Wall-clock time comes in whole milliseconds, and neither is read at the same moment as the other.
    const read = [
      [0, 0],
      [0, 0.6],
      [1000, 999.7],
      [1000, 1000.4],
    ] as const;
    const words = read.map(([now, monotonic]) => {
      const world = { now: NOW + now, monotonic: MONOTONIC + monotonic };
      return actionOf('ssl', drifted('full', MINUTE, seenAt, { world })).message;
    });
    expect(new Set(words).size).toBe(1);
    expect(words[0]).toContain('stands until 2026-11-21T12:14:00Z');
  });

  test('waits as long as the spec says', () => {
    const change = drifted('full', 0, {}, { spec: { restoreAfter: '2h' } });
    expect(actionOf('ssl', change)).toMatchObject({ againMs: MONOTONIC + 2 * HOUR });
  });

  test('asks for verdicts from the moment at which it may come back', () => {
    expect(
      actionOf('ssl', drifted('full', 16 * MINUTE, {}, { gate: { missing: ['a.example.com'] } })),
    ).toMatchObject({
      reason: 'GateWaiting',
      probeSinceMs: MONOTONIC - MINUTE,
    });
  });

  test('says in its first step that strict follows, and in the second that it is one', () => {
    expect(actionOf('ssl', drifted('flexible', MINUTE)).message).toContain(
      'strict follows 15m after it was changed',
    );
    const second = drifted('full', HOUR, { patchedTo: 'full', patchedMs: MONOTONIC - HOUR + 1 });
    expect(actionOf('ssl', second).message).toContain('the second step of its restore');
  });
});

describe('after two restores in a day', () => {
  const twice = { restores: [NOW - DAY + HOUR, NOW - HOUR] };

  test('only an alarm is given, with both values and when it goes on', () => {
    expect(actionOf('ssl', drifted('flexible', MINUTE, twice))).toMatchObject({
      type: 'Hold',
      reason: 'DriftAlarm',
      stalled: true,
      againMs: MONOTONIC + HOUR,
      message: expect.stringMatching(
        /from strict to flexible: it was restored 2 times.*before 2026-11-21T13:00:00Z/s,
      ),
    });
  });

  test('what is no drift is rolled out all the same', () => {
    expect(decided('ssl', { settings, history: { ssl: twice } })).toBe('RollOut flexible to full');
  });

  test('the second step of the second is taken', () => {
    const second = { ...twice, patchedTo: 'full', patchedMs: MONOTONIC - HOUR + 1 };
    expect(decided('ssl', drifted('full', HOUR, second))).toBe('RollOut full to strict');
  });

  test('restores go on when the first is a day old', () => {
    const old = { restores: [NOW - DAY, NOW - HOUR] };
    expect(decided('ssl', drifted('flexible', MINUTE, old))).toBe('Restore flexible to full');
  });
});

describe('what was set and is not there', () => {
  const set = (agoMs: number): Partial<SettingHistory> => ({
    lastInSync: undefined,
    patchedTo: 'full',
    patchedMs: MONOTONIC - agoMs,
    differsSinceMs: MONOTONIC - HOUR,
  });
  const rollOut = (ssl: Partial<SettingHistory>): WorldChange => ({ settings, history: { ssl } });

  test('is not set again for five minutes, in which Cloudflare may show it', () => {
    expect(actionOf('ssl', rollOut(set(5 * MINUTE - 1)))).toMatchObject({
      reason: 'Propagating',
      stalled: false,
      againMs: MONOTONIC + 1,
    });
  });

  test('is then set again, which counts as a restore', () => {
    expect(decided('ssl', rollOut(set(5 * MINUTE)))).toBe('Restore flexible to full');
  });

  test('is no longer set after two of those', () => {
    const often = { ...set(5 * MINUTE), restores: [NOW - HOUR, NOW - 10 * MINUTE] };
    expect(decided('ssl', rollOut(often))).toBe('Hold DriftAlarm');
  });

  test('is restored at once where it had been seen in between', () => {
    const seen = { patchedTo: 'full', patchedMs: MONOTONIC - 2 * MINUTE, lastInSync: 'full' };
    expect(decided('ssl', { settings: { ssl: 'full' }, history: { ssl: seen } })).toBe(
      'Restore flexible to full',
    );
  });
});
