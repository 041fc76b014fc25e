import { expect, test } from 'vitest';
import { CountedStage, REAL_KEYS } from './stage.ts';

const MINUTE = 60_000;

function zoneBeyondQuota(): CountedStage {
  const stage = new CountedStage({ mode: 'Zone' });
  stage.kube.isFull = true;
  return stage;
}

test('a Secret that a quota refuses is said, and tried again every five minutes', REAL_KEYS, async () => {
  const stage = zoneBeyondQuota();
  const { status, problems } = await stage.run(11 * MINUTE);
  expect(stage.kube.creations).toBe(3);
  expect(status).toBeDefined();
  expect(problems).toMatchObject([
    {
      reason: 'SecretWriteRefused',
      message: expect.stringMatching(/example\.com-origin-pull: .*exceeded quota\. Lift the quota/),
      stalled: false,
    },
  ]);
  expect(stage.said).toHaveLength(1);
  expect(stage.cloudflare.counts).toMatchObject({ posts: 0, puts: 0, patches: 0 });
});

test('it goes on within five minutes after the quota was lifted', REAL_KEYS, async () => {
  const stage = zoneBeyondQuota();
  await stage.run(MINUTE);
  stage.kube.isFull = false;
  const { problems } = await stage.run(5 * MINUTE);
  expect(problems).toEqual([]);
  expect(stage.cloudflare.counts.posts).toBe(1);
});

test('another state of the object is tried at once', REAL_KEYS, async () => {
  const stage = zoneBeyondQuota();
  await stage.run(MINUTE);
  const { creations } = stage.kube;
  stage.apply({ mode: 'Zone', publish: [] });
  await stage.pass();
  expect(stage.kube.creations).toBe(creations + 1);
});
