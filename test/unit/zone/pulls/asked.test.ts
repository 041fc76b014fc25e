import { describe, expect, test } from 'vitest';
import { pullsPerHour } from '../../../../src/zone/pulls/reading.ts';
import { intervalsOf } from '../../../../src/zone/schedule.ts';
import type { OriginLine } from '../../../../src/zone/world.ts';
import { CountedStage, REAL_KEYS } from './stage.ts';
import { line } from './worlds.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

type Pulls = ConstructorParameters<typeof CountedStage>[0];
type Setting = Partial<Pick<CountedStage, 'hindrance' | 'lines' | 'complete' | 'zoneIntervalMs'>>;

const DEMANDS: readonly OriginLine[] = [line({ clientCertificate: 'required' })];
const publish: Pulls['publish'] = [{ kind: 'ConfigMap', namespace: 'web', name: 'ca' }];

/** Requests to Cloudflare in the second of two hours. */
async function askedInAnHour(pulls: Pulls, setting: Setting, prepare?: (stage: CountedStage) => void) {
  const stage = Object.assign(new CountedStage(pulls), setting);
  prepare?.(stage);
  await stage.run(HOUR);
  const { reads, ...changes } = stage.cloudflare.counts;
  await stage.run(HOUR);
  const { reads: readsThen, ...changesThen } = stage.cloudflare.counts;
  expect(changesThen).toEqual(changes);
  return { asked: readsThen - reads, state: stage.said.at(-1)?.split(':')[0] };
}

const presented = ({ cloudflare }: CountedStage): void => {
  cloudflare.shared = true;
};
const observing = { hindrance: 'spec.mode is Observe' };
const budget = (zoneIntervalMs: number): number => pullsPerHour(intervalsOf(zoneIntervalMs, 6 * HOUR, 1));

describe('in an hour Cloudflare is asked three times', REAL_KEYS, () => {
  test.each<[string, Pulls, Setting, string]>([
    ['while the shared certificate is presented', { mode: 'Shared', publish }, {}, 'Presenting'],
    ["while the zone's own is", { mode: 'Zone', publish }, {}, 'Presenting'],
    ['while nothing is', { mode: 'Off' }, {}, 'Off'],
    ['in Observe', { mode: 'Zone', publish }, observing, 'Held'],
  ])('%s', async (_, pulls, setting, state) => {
    const found = await askedInAnHour(pulls, setting);
    expect(found.state).toBe(state);
    expect(found.asked).toBe(3);
  });
});

describe('what waits for origins or people asks as much as the budget allows for, and not more', () => {
  test.each<[string, Pulls, Setting, string]>([
    ['for origins that demand', { mode: 'Off' }, { lines: DEMANDS }, 'SwitchingOff'],
    ['for them in Observe', { mode: 'Off' }, { lines: DEMANDS, ...observing }, 'SwitchingOff'],
    ['for origins that are not known', { mode: 'Off' }, { complete: false }, 'SwitchingOff'],
    [
      'for them, asked about often',
      { mode: 'Off' },
      { lines: DEMANDS, zoneIntervalMs: MINUTE },
      'SwitchingOff',
    ],
    ['for a CA', { mode: 'Zone', caSecretRef: { name: 'none' } }, {}, 'CaSecretMissing'],
  ])('%s', async (_, pulls, setting, state) => {
    const found = await askedInAnHour(pulls, setting, presented);
    expect(found.state).toBe(state);
    expect(found.asked).toBeLessThanOrEqual(budget(setting.zoneIntervalMs ?? 10 * MINUTE));
    expect(found.asked).toBeGreaterThan(budget(setting.zoneIntervalMs ?? 10 * MINUTE) - 6);
  });

  test('nor where Cloudflare lets nothing be read', async () => {
    const { asked } = await askedInAnHour({ mode: 'Shared' }, {}, ({ cloudflare }) => {
      cloudflare.refuses = true;
    });
    expect(asked).toBeLessThanOrEqual(budget(10 * MINUTE));
  });
});

test('a deployment that does not end is looked at ever more rarely', REAL_KEYS, async () => {
  const found = await askedInAnHour({ mode: 'Zone' }, {}, ({ cloudflare }) => {
    cloudflare.deployment = 'pending_deployment';
  });
  expect(found.state).toBe('Deploying');
  expect(found.asked).toBeLessThanOrEqual(72);
});

test('what was refused is asked again at once when the spec has changed', async () => {
  const stage = new CountedStage({ mode: 'Shared' });
  stage.cloudflare.refuses = true;
  const { problems } = await stage.run(HOUR);
  expect(problems).toMatchObject([{ reason: 'PermissionMissing', stalled: true }]);
  stage.cloudflare.refuses = false;
  stage.apply({ mode: 'Shared', publish });
  const { status } = await stage.pass();
  expect(status?.state).toBe('Enabling');
});

test('origins may demand only by what was read after the time in which it came everywhere', async () => {
  const stage = new CountedStage({ mode: 'Shared' });
  await stage.run(4 * MINUTE);
  stage.cloudflare.shared = false;
  stage.cloudflare.deaf = true;
  const { status } = await stage.run(4 * MINUTE);
  expect(status).toMatchObject({ state: 'Enabling', safeToDemand: false });
  expect(stage.said.filter((each) => each.includes('may demand it.'))).toEqual([]);
});

test('an origin that comes to demand nothing is acted on at once, by what is read then', async () => {
  const stage = Object.assign(new CountedStage({ mode: 'Off' }), { lines: DEMANDS });
  presented(stage);
  await stage.run(2 * MINUTE);
  const { reads } = stage.cloudflare.counts;
  stage.lines = [];
  await stage.pass();
  expect(stage.cloudflare.counts).toMatchObject({ patches: 1, reads: reads + 3 });
});
