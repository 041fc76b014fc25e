import { expect, test } from 'vitest';
import { CountedStage, REAL_KEYS } from './stage.ts';

const MINUTE = 60_000;
const map = (name: string) => ({ kind: 'ConfigMap', namespace: 'web', name }) as const;

test('a switch that Cloudflare acknowledges and leaves as it is is tried again every five minutes, and that is said', async () => {
  const stage = new CountedStage({ mode: 'Shared' });
  stage.cloudflare.deaf = true;
  const { status } = await stage.run(2000);
  expect(stage.cloudflare.counts.patches).toBe(1);
  expect(status).toMatchObject({ state: 'Enabling', safeToDemand: false });
  expect(status?.message).toContain('nothing has come of it yet');
  await stage.run(58_000);
  await stage.run(59 * MINUTE);
  expect(stage.cloudflare.counts.patches).toBe(13);
  expect(stage.said).toHaveLength(2);
  stage.cloudflare.deaf = false;
  await stage.run(6 * MINUTE);
  expect(stage.cloudflare.counts.patches).toBe(14);
});

test('a switch that shows late is not tried again, and noticed soon', async () => {
  const stage = new CountedStage({ mode: 'Shared' });
  stage.cloudflare.deaf = true;
  await stage.run(3000);
  stage.cloudflare.shared = true;
  const { status } = await stage.run(3000);
  expect(status?.state).toBe('Propagating');
  expect(stage.cloudflare.counts.patches).toBe(1);
});

test('a switch is tried at once when the spec has changed meanwhile', async () => {
  const stage = new CountedStage({ mode: 'Shared' });
  await stage.run(1000);
  stage.apply({ mode: 'Off' });
  await stage.run(1000);
  stage.apply({ mode: 'Shared' });
  await stage.run(1000);
  expect(stage.cloudflare.counts.patches).toBe(3);
  expect(stage.cloudflare.shared).toBe(true);
});

test(
  "the zone's own certificate that stays switched off is switched on every five minutes",
  REAL_KEYS,
  async () => {
    const stage = new CountedStage({ mode: 'Zone' });
    stage.cloudflare.deaf = true;
    const { status } = await stage.run(30 * MINUTE);
    expect(stage.cloudflare.counts).toMatchObject({ posts: 1, puts: 6 });
    expect(status).toMatchObject({ state: 'Enabling' });
  },
);

test(
  'a deletion that leaves the certificate where it is is asked for ever more rarely',
  REAL_KEYS,
  async () => {
    const stage = new CountedStage({ mode: 'Zone' });
    await stage.run(10 * MINUTE);
    stage.apply({ mode: 'Off' });
    stage.cloudflare.enabled = false;
    stage.cloudflare.deaf = true;
    await stage.run(10 * MINUTE);
    expect(stage.cloudflare.counts.deletes).toBeGreaterThan(4);
    expect(stage.cloudflare.counts.deletes).toBeLessThan(11);
  },
);

test('an object that somebody keeps changing back is written ever more rarely, and the others are not held by it', async () => {
  const stage = new CountedStage({ mode: 'Shared', publish: [map('ca'), map('fought'), map('third')] });
  stage.kube.rewritten.add('ConfigMap web/fought');
  const { status, problems } = await stage.run(60 * MINUTE);
  expect(Object.fromEntries(stage.kube.writes)).toEqual({
    'ConfigMap web/ca': 1,
    'ConfigMap web/fought': expect.toSatisfy((writes: number) => writes > 10 && writes < 22),
    'ConfigMap web/third': 1,
  });
  expect(status).toMatchObject({ state: 'Presenting', safeToDemand: false });
  expect(problems).toMatchObject([{ reason: 'PublishRefused', stalled: false }]);
  expect(problems[0]?.message).toContain('ConfigMap web/fought does not stay as it is written');

  const written = stage.kube.writes.get('ConfigMap web/fought');
  const { length } = stage.said;
  await stage.run(60 * MINUTE);
  expect((stage.kube.writes.get('ConfigMap web/fought') ?? 0) - (written ?? 0)).toBeLessThanOrEqual(12);
  // Nothing is said anew of what goes on as it did.
  expect(stage.said).toHaveLength(length);

  stage.kube.objects.delete('ConfigMap web/ca');
  await stage.run(MINUTE);
  expect(stage.kube.writes.get('ConfigMap web/ca')).toBe(2);
});

test('what the API server refuses to write is tried ever more rarely, and said once', async () => {
  const stage = new CountedStage({ mode: 'Shared', publish: [map('ca'), map('lost')] });
  stage.kube.lost.add('ConfigMap web/lost');
  const { status, problems } = await stage.run(60 * MINUTE);
  expect(status?.state).toBe('Presenting');
  expect(problems[0]?.message).toContain('there is no namespace web');
  expect(stage.kube.writes.get('ConfigMap web/lost')).toBeLessThan(22);
  const { length } = stage.said;
  await stage.run(60 * MINUTE);
  expect(stage.said).toHaveLength(length);
  stage.kube.lost.clear();
  await stage.run(6 * MINUTE);
  expect(stage.kube.objects.has('ConfigMap web/lost')).toBe(true);
});
