import { createAuthority, type PemPair } from '../../../../src/pki/authority.ts';
import { beforeAll, expect, test } from 'vitest';
import { TestClock } from '../../../support/test-clock.ts';
import { CountedStage, REAL_KEYS } from './stage.ts';
import { line } from './worlds.ts';

const MINUTE = 60_000;
const publish = [{ kind: 'ConfigMap', namespace: 'web', name: 'ca' }] as const;

let first: PemPair;
let second: PemPair;
beforeAll(async () => {
  const now = new TestClock().now();
  [first, second] = await Promise.all([createAuthority('a', now), createAuthority('b', now)]);
}, REAL_KEYS.timeout);

/** The CA is to be replaced, and an origin that demands does not take the new one. */
async function refused(): Promise<CountedStage> {
  const stage = new CountedStage({ mode: 'Zone', publish: [...publish], caSecretRef: { name: 'ca' } });
  stage.kube.put('Secret ops/ca', first);
  await stage.run(10 * MINUTE);
  stage.lines = [line({ clientCertificate: 'required' })];
  stage.takesClient = false;
  stage.kube.put('Secret ops/ca', second);
  await stage.run(5 * MINUTE);
  return stage;
}

test(
  'a new CA that origins refuse is said once, and they are asked again ever more rarely',
  REAL_KEYS,
  async () => {
    const stage = await refused();
    const { length } = stage.said;
    const { knocks } = stage;
    const { events } = stage;
    const told = events.length;
    const { reads } = stage.cloudflare.counts;
    const { status, problems } = await stage.run(20 * MINUTE);
    expect(status?.state).toBe('NewCaNotAccepted');
    expect(problems).toMatchObject([{ reason: 'NewCaNotAccepted' }]);
    expect(stage.said.slice(length)).toEqual([]);
    expect(events.slice(told)).toEqual([]);
    expect(stage.cloudflare.counts.reads - reads).toBeLessThanOrEqual(6);
    expect(stage.knocks - knocks).toBeGreaterThan(2);
    expect(stage.knocks - knocks).toBeLessThanOrEqual(5);
  },
);

test('an origin that takes the new CA at last is believed within minutes', REAL_KEYS, async () => {
  const stage = await refused();
  stage.takesClient = true;
  const { status } = await stage.run(20 * MINUTE);
  expect(status?.state).toBe('Presenting');
  expect(stage.kube.objects.get('ConfigMap web/ca')?.data?.['ca.crt']?.trim()).toBe(
    second.certificate.trim(),
  );
});

test(
  'origins that cannot be asked are asked again, not without end, and what they answered before stands',
  REAL_KEYS,
  async () => {
    const stage = await refused();
    stage.proberFails = true;
    const { length } = stage.said;
    const { knocks } = stage;
    await stage.run(10 * MINUTE);
    expect(stage.said.slice(length)).toEqual([]);
    expect(stage.knocks - knocks).toBeLessThanOrEqual(3);
  },
);

test('origins that never could be asked are asked again ever more rarely', REAL_KEYS, async () => {
  const stage = new CountedStage({ mode: 'Zone', publish: [...publish], caSecretRef: { name: 'ca' } });
  stage.kube.put('Secret ops/ca', first);
  await stage.run(10 * MINUTE);
  stage.lines = [line({ clientCertificate: 'required' })];
  stage.proberFails = true;
  stage.kube.put('Secret ops/ca', second);
  await stage.run(10 * MINUTE);
  expect(stage.knocks).toBeLessThanOrEqual(4);
});
