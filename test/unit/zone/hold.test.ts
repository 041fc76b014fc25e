import { describe, expect, test } from 'vitest';
import { holdOf } from '../../../src/zone/hold.ts';
import { enforcementOf } from '../../../src/zone/view.ts';
import { originZone } from './fixtures.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');

function held(holdUntil: string | undefined, mode: 'Observe' | 'Enforce' = 'Enforce') {
  const annotations = holdUntil === undefined ? {} : { 'originca.dev/hold-until': holdUntil };
  return holdOf(originZone({ mode }, { annotations }), NOW);
}

describe('changes', () => {
  test('are made in Enforce and not in Observe', () => {
    expect(held(undefined)).toMatchObject({ enforce: true, hindrance: undefined });
    expect(held(undefined, 'Observe')).toMatchObject({ enforce: false, hindrance: 'spec.mode is Observe' });
  });

  test.each(['2026-11-21T12:00:01Z', '2026-11-21T14:00:01+02:00', ' 2027-01-01T00:00:00.5Z '])(
    'wait until %s has come',
    (text) => {
      expect(held(text)).toMatchObject({ enforce: false, invalid: undefined });
      expect(held(text).untilMs).toBeGreaterThan(NOW);
    },
  );

  test.each(['2026-11-21T12:00:00Z', '2026-11-21T13:59:59+02:00', '1999-12-31T23:59:59Z'])(
    'are made again once %s is over',
    (text) => {
      expect(held(text)).toMatchObject({ enforce: true, untilMs: undefined });
      expect(held(text, 'Observe').enforce).toBe(false);
    },
  );

  test.each(['', 'tomorrow', '2026-11-21', '2026-13-01T00:00:00Z', '1763726400', 'x'.repeat(10_000)])(
    'are held by a time that cannot be read: %j',
    (text) => {
      const { enforce, invalid = '' } = held(text);
      expect(enforce).toBe(false);
      expect(invalid).toContain('2026-01-31T18:00:00Z');
      expect(invalid.length).toBeLessThan(400);
    },
  );
});

describe('in a zone out of use nothing is changed by any concern', () => {
  const account = { id: undefined, name: undefined };
  const active = { id: 'z', name: 'example.com', status: 'active', paused: false, account } as const;

  test.each([
    ['the zone is paused', { ...active, paused: true }],
    ['the zone is pending', { ...active, status: 'pending' }],
    ['the zone is moved', { ...active, status: 'moved' }],
    [undefined, active],
  ])('%s', (hindrance, facts) => {
    const enforcement = enforcementOf(held(undefined), facts);
    expect(enforcement).toEqual({ enforce: hindrance === undefined, hindrance });
  });

  test('Observe is said before that', () => {
    const enforcement = enforcementOf(held(undefined, 'Observe'), { ...active, paused: true });
    expect(enforcement).toEqual({ enforce: false, hindrance: 'spec.mode is Observe' });
  });
});
