import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { type Clock, systemClock } from '../../../src/clock.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { idIn, issued, replaced } from '../certificate/pairs.ts';

const YEAR_MS = 365 * 86_400_000;
const GRACE_MS = 2 * 3_600_000;

/** How far the machine's clock is ahead. Time itself goes on as ever. */
let aheadMs = 0;
const clock: Clock = {
  now: () => systemClock.now() + aheadMs,
  monotonic: () => systemClock.monotonic(),
  after: (ms, signal) => systemClock.after(ms, signal),
};
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.start('clock');
  await scene.createIssuer();
  await scene.startOperator({ clock });
});

afterAll(() => scene[Symbol.asyncDispose]());

const live = async (): Promise<string[]> => (await scene.issued()).map(({ id }) => id).toSorted();

describe.each([
  ['ahead', YEAR_MS, 'ahead of'],
  ['behind', -YEAR_MS, 'behind'],
])('a clock a year %s', (how, skewMs, words) => {
  test('issues nothing and revokes nothing, says so, and goes on once it is right', async () => {
    const revocation = { superseded: 'Revoke', gracePeriod: '2h' } as const;
    const first = await issued(scene, `due-${how}`, { revocation });
    await scene.applyCertificate(`due-${how}`, { revocation }, { [ANNOTATION.renewRequestedAt]: 'once' });
    const second = await replaced(scene, `due-${how}`, first);
    const posts = await scene.posts();
    const before = await live();
    expect(before).toEqual(expect.arrayContaining([first, second]));

    aheadMs = skewMs;
    await scene.applyCertificate(`new-${how}`);
    const { status } = await scene.condition(`new-${how}`, 'Issuing', 'ClockSkew', 'False');
    expect(status?.conditions?.find(({ type }) => type === 'Issuing')?.message).toContain(words);
    await scene.applyCertificate(`due-${how}`, { revocation }, { [ANNOTATION.renewRequestedAt]: 'twice' });
    await scene.condition(`due-${how}`, 'Issuing', 'ClockSkew', 'False');
    expect(await scene.posts()).toBe(posts);
    expect(await live()).toEqual(before);
    expect(idIn(await scene.secret(`due-${how}-tls`))).toBe(second);
    await scene.deleteCertificate(`new-${how}`);

    aheadMs = 0;
    await scene.applyCertificate(`due-${how}`, { revocation }, { [ANNOTATION.renewRequestedAt]: 'thrice' });
    await replaced(scene, `due-${how}`, second);
    await scene.settled(`due-${how}`);
    expect(await live()).toEqual(expect.arrayContaining(before));

    // The grace is over by a clock that is two hours ahead: that is not believed either.
    aheadMs = GRACE_MS;
    await scene.applyCertificate(`due-${how}`, { revocation, secretTemplate: { labels: { seen: 'yes' } } });
    const late = await scene.condition(`due-${how}`, 'Ready', 'Issued', 'True');
    expect(late.status?.superseded?.map(({ id }) => id)).toEqual(expect.arrayContaining([first, second]));
    expect(await live()).toEqual(expect.arrayContaining([first, second]));
    aheadMs = 0;
  });
});

describe('a clock that is a little off', () => {
  test('is no reason to stop', async () => {
    aheadMs = 4 * 60_000;
    await issued(scene, 'little');
    aheadMs = 0;
    await waitFor(
      'nothing under way',
      async () => (await scene.pendings()).length === 0 || new NotYet('pending'),
      {
        timeoutMs: 15_000,
      },
    );
  });
});
