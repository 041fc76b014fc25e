import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OriginResult } from '../../../src/probe/types.ts';
import { decide } from '../../../src/zone/decide.ts';
import { counts } from '../../../src/zone/gate.ts';
import { hstsOf } from '../../../src/zone/hsts.ts';
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
    readOnly: fc.constantFrom([], [], ['ssl' as const, 'tls13' as const]),
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

/** Worlds in which only the age of what was seen is in doubt: strict is a step away. */
const nearlyStrict: fc.Arbitrary<ZoneWorld> = fc
  .record({
    settings: fc.record({ ssl: fc.constantFrom('strict' as const, 'origin_pull' as const) }),
    values: fc.constant({ ssl: 'full' }),
    history: fc.record({
      ssl: fc.record({ differsSinceMs: moment, lastInSync: fc.constantFrom(undefined, 'strict') }),
    }),
    lines: fc.array(
      moment.map((beganMs) => line({ beganMs })),
      { minLength: 1, maxLength: 3 },
    ),
    spec: fc.record({ restoreAfter: fc.constantFrom('0s', '1m') }),
  })
  .map(worldOf);

/** The first change found that does so, with its world, as fast-check tells of it; undefined where none does. */
function changeThat(
  does: (world: ZoneWorld, patch: Patch) => boolean,
  worlds: fc.Arbitrary<ZoneWorld> = world,
): string | undefined {
  const found = fc.check(
    fc.property(
      worlds,
      (some) => !decide(some).some((action) => action.type === 'Patch' && does(some, action)),
    ),
    { numRuns: 5000 },
  );
  return found.failed ? fc.defaultReportMessage(found) : undefined;
}

const rank = (mode: unknown): number => MODES.findIndex((known) => known === mode);
const raises = ({ name, from, to }: Patch): boolean => name === 'ssl' && rank(to) > rank(from);
const isLooking = ({ spec }: ZoneWorld): boolean => spec.gate.origins !== 'Skip';
const underTls = ({ readings }: ZoneWorld): boolean => rank(readings.ssl?.value) >= rank('full');

/** Every origin was seen good since the difference began, and within a quarter of an hour. */
function areAllGood({ history, gate }: ZoneWorld): boolean {
  const sinceMs = Math.max(history.ssl.differsSinceMs ?? MONOTONIC, MONOTONIC - 15 * MINUTE);
  const { lines, complete, missing } = gate(sinceMs);
  const isGood = ({ result, beganMs }: OriginLine): boolean =>
    result === 'Valid' && (beganMs ?? 0) >= sinceMs;
  return complete && missing.length === 0 && lines.filter(counts).every(isGood);
}

function someSendBack(some: ZoneWorld): boolean {
  return isLooking(some) && some.gate(0).lines.some((origin) => counts(origin) && origin.redirectsToHttp);
}

describe('whatever the world', () => {
  test('strict is switched on only where every origin was found good since the difference began', () => {
    let raised = 0;
    const isBold = (some: ZoneWorld, patch: Patch): boolean => {
      if (!raises(patch) || rank(patch.to) < rank('strict')) return false;
      if (isLooking(some)) raised += 1;
      return !underTls(some) || (isLooking(some) && !areAllGood(some));
    };
    expect(changeThat(isBold)).toBeUndefined();
    expect(changeThat(isBold, nearlyStrict)).toBeUndefined();
    expect(raised).toBeGreaterThan(100);
  });

  test('full is switched on only where every origin answers TLS', () => {
    expect(
      changeThat(
        (some, patch) =>
          raises(patch) &&
          patch.to === 'full' &&
          isLooking(some) &&
          some.gate(0).lines.some((origin) => counts(origin) && !origin.tls),
      ),
    ).toBeUndefined();
  });

  test('ssl is lowered only where the spec asks for it and allows it', () => {
    expect(
      changeThat(
        ({ spec }, { name, from, to }) =>
          name === 'ssl' && rank(to) < rank(from) && !(spec.allowDowngrade && spec.settings?.ssl === to),
      ),
    ).toBeUndefined();
  });

  test('nothing is changed without leave, in a zone that is not active, by another plan, or of what is automatic', () => {
    expect(
      changeThat(
        ({ enforce, zoneProblem, readings }, { name }) =>
          !enforce ||
          zoneProblem !== undefined ||
          readings[name]?.editable !== true ||
          (name === 'ssl' && readings.sslAutomaticMode?.value !== 'custom'),
      ),
    ).toBeUndefined();
  });

  test('alwaysUseHttps is not switched on where visitors would go in circles', () => {
    expect(
      changeThat(
        (some, { name, to }) =>
          name === 'alwaysUseHttps' && to === 'on' && (!underTls(some) || someSendBack(some)),
      ),
    ).toBeUndefined();
  });

  test('ssl is not changed where visitors would go in circles', () => {
    expect(
      changeThat((some, patch) => {
        const { readings } = some;
        if (patch.name !== 'ssl' || readings.alwaysUseHttps?.value === 'off') return false;
        return (
          patch.to === 'off' || (!underTls(some) && rank(patch.to) >= rank('full') && someSendBack(some))
        );
      }),
    ).toBeUndefined();
  });

  test('minTlsVersion is not raised where ssl uses no TLS', () => {
    expect(
      changeThat((some, { name, from, to }) => name === 'minTlsVersion' && to > from && !underTls(some)),
    ).toBeUndefined();
  });

  test('nobody is locked in for more than a day without a word', () => {
    expect(
      changeThat((some, { name, value: sent }) => {
        const next = hstsOf(sent);
        const before = hstsOf(some.readings.hsts?.value);
        if (name !== 'hsts' || !next?.enabled || some.spec.settings?.hsts?.acknowledgeLockIn) return false;
        const inForce = before?.enabled ? before : { maxAge: 0, preload: false };
        if (next.preload && !inForce.preload) return true;
        if (next.maxAge <= Math.max(86_400, inForce.maxAge)) return false;
        return (
          !underTls(some) ||
          !isLooking(some) ||
          some.gate(0).lines.some((origin) => counts(origin) && origin.result !== 'Valid')
        );
      }),
    ).toBeUndefined();
  });

  test('there is one action for each setting that is shown, and none for another time', () => {
    fc.assert(
      fc.property(world, (some) => {
        const actions = decide(some);
        const names = actions.map(({ name }) => name);
        expect(names).toEqual(SETTING_NAMES.filter((name) => names.includes(name)));
        expect(decide(some)).toEqual(actions);
        const past = actions.filter(
          (action) => action.type === 'Hold' && (action.againMs ?? Infinity) <= MONOTONIC,
        );
        expect(past).toEqual([]);
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
