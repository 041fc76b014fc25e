import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OriginResult } from '../../../src/probe/types.ts';
import { decide } from '../../../src/zone/decide.ts';
import { counts } from '../../../src/zone/gate.ts';
import { SETTING_NAMES } from '../../../src/zone/settings.ts';
import type { OriginLine, SettingAction, SettingHistory, ZoneWorld } from '../../../src/zone/world.ts';
import { DAY, hstsValue, line, MINUTE, MONOTONIC, NOW, worldOf } from './world-fixtures.ts';

const MODES = ['off', 'flexible', 'full', 'strict', 'origin_pull'] as const;
const RESULTS: readonly OriginResult[] = [
  'Valid',
  'Refused',
  'Timeout',
  'HandshakeFailed',
  'Untrusted',
  'Expired',
  'NameMismatch',
  'Unverifiable',
  'NoOrigin',
  'NotProxied',
  'Ignored',
];

/** Moments around now, with those at which rules change their mind. */
const moment = fc.oneof(
  fc.constantFrom(0, 1, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE).map((ago) => MONOTONIC - ago),
  fc.integer({ min: MONOTONIC - DAY, max: MONOTONIC }),
);

const originLine: fc.Arbitrary<OriginLine> = fc
  .record({
    hostname: fc.constantFrom('a.example.com', 'b.example.com', 'c.example.com'),
    result: fc.oneof(fc.constant<OriginResult>('Valid'), fc.constantFrom(...RESULTS)),
    tls: fc.boolean(),
    redirectsToHttp: fc.boolean(),
    beganMs: fc.oneof(fc.constant(MONOTONIC), moment),
  })
  .map((change) => line({ ...change, tls: change.tls || change.result === 'Valid' }));

const history = (texts: readonly string[]): fc.Arbitrary<SettingHistory> =>
  fc.record({
    lastInSync: fc.option(fc.constantFrom(...texts), { nil: undefined }),
    differsSinceMs: fc.option(moment, { nil: undefined }),
    restores: fc.array(fc.integer({ min: NOW - 2 * DAY, max: NOW }), { maxLength: 4 }),
    patchedMs: fc.option(moment, { nil: undefined }),
    patchedTo: fc.option(fc.constantFrom(...texts), { nil: undefined }),
    refusal: fc.option(
      moment.map((untilMs) => ({ reason: 'RequestRejected', message: 'no', untilMs: untilMs + MINUTE })),
      { nil: undefined, freq: 10 },
    ),
  });

const value = <Value>(...values: Value[]): fc.Arbitrary<Value | undefined> =>
  fc.option(fc.constantFrom(...values), { nil: undefined, freq: 8 });
const hsts = fc.tuple(fc.boolean(), fc.constantFrom(0, 60, 86_400, 31_536_000), fc.boolean());

const settings = fc.record(
  {
    ssl: fc.constantFrom(...MODES),
    minTlsVersion: fc.constantFrom('1.0' as const, '1.2' as const, '1.3' as const),
    tls13: fc.constantFrom('on' as const, 'off' as const, 'zrt' as const),
    alwaysUseHttps: fc.boolean(),
    hsts: hsts.map(([enabled, maxAge, acknowledgeLockIn]) => ({ enabled, maxAge, acknowledgeLockIn })),
  },
  { requiredKeys: [] },
);

const world: fc.Arbitrary<ZoneWorld> = fc
  .record({
    settings,
    values: fc.record({
      sslAutomaticMode: fc.constantFrom('custom', 'custom', 'custom', 'auto'),
      ssl: value<string>(...MODES),
      alwaysUseHttps: value('on', 'off'),
      minTlsVersion: value('1.0', '1.2', '1.3'),
      tls13: value('on', 'off', 'zrt'),
      hsts: hsts.map(([enabled, maxAge, preload]) => hstsValue(enabled, maxAge, { preload })),
    }),
    history: fc.record({
      sslAutomaticMode: history(['custom']),
      ssl: history(MODES),
      alwaysUseHttps: history(['on', 'off']),
      minTlsVersion: history(['1.0', '1.2', '1.3']),
      tls13: history(['on', 'off', 'zrt']),
      hsts: history(['enabled=true maxAge=60']),
    }),
    lines: fc.array(originLine, { maxLength: 4 }),
    gate: fc.record({
      complete: fc.constantFrom(true, true, true, false),
      missing: fc.constantFrom([], [], [], ['d.example.com']),
    }),
    spec: fc.record({
      allowDowngrade: fc.boolean(),
      restoreAfter: fc.constantFrom('0s', '5m', '15m'),
      gate: fc.record({
        origins: fc.constantFrom('Verified' as const, 'Verified' as const, 'Skip' as const),
      }),
    }),
    world: fc.record({
      enforce: fc.constantFrom(true, true, true, false),
      zoneProblem: fc.constantFrom(undefined, undefined, undefined, 'The zone is paused.'),
      readyCertificates: fc.nat(2),
    }),
  })
  .map(worldOf);

type Patch = Extract<SettingAction, { type: 'Patch' }>;

function holds(promise: (world: ZoneWorld, patch: Patch) => void): void {
  fc.assert(
    fc.property(world, (some) => {
      for (const action of decide(some)) if (action.type === 'Patch') promise(some, action);
    }),
    { numRuns: 5000 },
  );
}

const rank = (mode: unknown): number => MODES.findIndex((known) => known === mode);

describe('whatever the world', () => {
  test('strict is switched on only where every origin was found good since the difference began', () => {
    let seen = 0;
    holds(({ spec, history: { ssl }, readings, gate }, { name, to, from }) => {
      if (name !== 'ssl' || rank(to) < rank('strict') || rank(from) >= rank(to)) return;
      expect(rank(readings.ssl?.value)).toBeGreaterThanOrEqual(rank('full'));
      if (spec.gate.origins === 'Skip') return;
      seen += 1;
      const sinceMs = Math.max(ssl.differsSinceMs ?? MONOTONIC, MONOTONIC - 15 * MINUTE);
      const { lines, complete, missing } = gate(sinceMs);
      expect({ complete, missing }).toEqual({ complete: true, missing: [] });
      for (const { result, beganMs } of lines.filter(counts)) {
        expect(result).toBe('Valid');
        expect(beganMs).toBeGreaterThanOrEqual(sinceMs);
      }
    });
    expect(seen).toBeGreaterThan(0);
  });

  test('full is switched on only where every origin answers TLS', () => {
    holds(({ spec, gate }, { name, to, from }) => {
      if (name !== 'ssl' || to !== 'full' || rank(from) > rank(to) || spec.gate.origins === 'Skip') return;
      for (const origin of gate(0).lines.filter(counts)) expect(origin.tls).toBe(true);
    });
  });

  test('ssl is lowered only where the spec asks for it and allows it', () => {
    holds(({ spec }, { name, from, to }) => {
      if (name !== 'ssl' || rank(to) >= rank(from)) return;
      expect(spec).toMatchObject({ allowDowngrade: true, settings: { ssl: to } });
    });
  });

  test('nothing is changed without leave, in a zone that is not active, or of what is automatic', () => {
    holds(({ enforce, zoneProblem, readings }, { name }) => {
      expect({ enforce, zoneProblem }).toEqual({ enforce: true, zoneProblem: undefined });
      expect(readings[name]).toMatchObject({ editable: true });
      if (name === 'ssl') expect(readings.sslAutomaticMode?.value).toBe('custom');
    });
  });

  test('nobody is sent in circles', () => {
    holds(({ readings, spec, gate }, { name, value: next, from }) => {
      const sendsBack =
        spec.gate.origins !== 'Skip' && gate(0).lines.some((l) => counts(l) && l.redirectsToHttp);
      const ssl = rank(readings.ssl?.value);
      if (name === 'alwaysUseHttps' && next === 'on') {
        expect(ssl).toBeGreaterThanOrEqual(rank('full'));
        expect(sendsBack).toBe(false);
      }
      if (name !== 'ssl') return;
      if (next === 'off') expect(readings.alwaysUseHttps?.value).toBe('off');
      const startsTls = rank(from) < rank('full') && rank(next) >= rank('full');
      if (startsTls && readings.alwaysUseHttps?.value !== 'off') expect(sendsBack).toBe(false);
    });
  });

  test('nobody is locked in for more than a day without a word', () => {
    holds(({ readings, spec, gate }, { name, value: next }) => {
      const asked = spec.settings?.hsts;
      if (name !== 'hsts' || asked?.acknowledgeLockIn) return;
      const longer = next as {
        strict_transport_security: { enabled: boolean; max_age: number; preload: boolean };
      };
      const before = readings.hsts?.value as typeof longer;
      const { enabled, max_age: maxAge, preload } = longer.strict_transport_security;
      const was = before.strict_transport_security;
      if (!enabled || (was.enabled && was.max_age >= maxAge && was.preload === preload)) return;
      if (maxAge > 86_400) {
        expect(rank(readings.ssl?.value)).toBeGreaterThanOrEqual(rank('full'));
        expect(
          gate(0)
            .lines.filter(counts)
            .every(({ result }) => result === 'Valid'),
        ).toBe(true);
      }
      expect(preload && !(was.enabled && was.preload)).toBe(false);
    });
  });

  test('there is one action for each setting that is shown, and none for another time', () => {
    fc.assert(
      fc.property(world, (some) => {
        const actions = decide(some);
        const names = actions.map(({ name }) => name);
        expect(names).toEqual(SETTING_NAMES.filter((name) => names.includes(name)));
        expect(decide(some)).toEqual(actions);
        for (const action of actions) {
          if (action.type === 'Hold' && action.againMs !== undefined)
            expect(action.againMs).toBeGreaterThan(MONOTONIC);
        }
      }),
    );
  });
});

interface Step {
  readonly afterMs: number;
  readonly setTo: (typeof MODES)[number] | undefined;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 6 * 60 * MINUTE }),
    setTo: fc.option(fc.constantFrom('off' as const, 'flexible' as const, 'full' as const), {
      nil: undefined,
    }),
  }),
  { minLength: 10, maxLength: 60 },
);

/** Lets somebody else set ssl again and again; the times at which it was changed back, by why. */
function fight(all: readonly Step[]): { readonly atMs: number; readonly because: Patch['because'] }[] {
  const changes: { atMs: number; because: Patch['because'] }[] = [];
  let ssl = 'strict';
  let past: SettingHistory = { ...worldOf().history.ssl, lastInSync: 'strict', differsSinceMs: undefined };
  let elapsedMs = 0;
  for (const { afterMs, setTo } of all) {
    elapsedMs += afterMs;
    ssl = setTo ?? ssl;
    const [now, monotonic] = [NOW + elapsedMs, MONOTONIC + elapsedMs];
    if (ssl !== 'strict' && past.differsSinceMs === undefined) past = { ...past, differsSinceMs: monotonic };
    const lines = [line({ beganMs: monotonic })];
    const some = worldOf({ settings: { ssl: 'strict' }, values: { ssl }, lines, world: { now, monotonic } });
    const action = decide({ ...some, history: { ...some.history, ssl: past } }).find(
      ({ name }) => name === 'ssl',
    );
    if (action?.type !== 'Patch') continue;
    changes.push({ atMs: now, because: action.because });
    if (action.because === 'Restore') past = { ...past, restores: [...past.restores, now] };
    past = { ...past, patchedTo: action.to, patchedMs: monotonic };
    ssl = action.to;
    if (ssl === 'strict') past = { ...past, differsSinceMs: undefined };
  }
  return changes;
}

test('whoever fights over ssl meets two restores within a day at most, of two steps each', () => {
  let met = 0;
  fc.assert(
    fc.property(steps, (all) => {
      const changes = fight(all);
      for (const { atMs } of changes) {
        const inADay = changes.filter((other) => other.atMs > atMs - DAY && other.atMs <= atMs);
        const restores = inADay.filter(({ because }) => because === 'Restore').length;
        met = Math.max(met, restores);
        expect(restores).toBeLessThanOrEqual(2);
        expect(inADay.length).toBeLessThanOrEqual(5);
      }
    }),
    { numRuns: 500 },
  );
  expect(met).toBe(2);
});
