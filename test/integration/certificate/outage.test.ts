import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { originCertificates } from '../../../src/resources.ts';
import type { RequestView } from '../../simulator/protocol.ts';
import { type RunningOperator, Scene } from '../../support/scene.ts';
import { PassingTime } from './passing-time.ts';

/** Five hundred, and every minute of it, take some minutes on two cores: OUTAGE=500 asks for them. */
const WHOLE = process.env['OUTAGE'];
const CERTIFICATES = Number(WHOLE ?? 40);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A minute and a little: what is due once a minute is due in every step. */
const STEP_MS = 61 * SECOND;
/** After the first hour. */
const LATER_STEP_MS = WHOLE === undefined ? 5 * STEP_MS : STEP_MS;
const OUTAGE_MS = 6 * HOUR;

let scene: Scene;
let operator: RunningOperator;
let time: PassingTime;

beforeAll(async () => {
  scene = await Scene.start('outage', { flags: ['--cloudflare-rate=3', '--cloudflare-burst=100'] });
  await scene.createIssuer();
});
afterAll(() => scene[Symbol.asyncDispose]());

afterEach(async () => {
  await scene.simulator.clearFaults();
  await operator.stop();
  for (const { metadata } of await all()) await scene.deleteCertificate(metadata.name);
});

async function begin(count: number): Promise<void> {
  time = new PassingTime(scene, () => operator);
  time.clock.jump((await now()) - Date.now());
  operator = await scene.startOperator({ clock: time.clock, random: () => 0 });
  for (let from = 0; from < count; from += 20) {
    const names = Array.from({ length: Math.min(20, count - from) }, (_, at) => `shop-${from + at}`);
    await Promise.all(
      names.map((name) =>
        scene.applyCertificate(name, { validityDays: 7, hostnames: [`${name}.example.com`] }),
      ),
    );
  }
  await time.pass(HOUR, 10 * SECOND, async () => (await all()).every(isReady));
  expect(await all()).toHaveLength(count);
}

function all(): Promise<OriginCertificate[]> {
  const signal = AbortSignal.timeout(30_000);
  return scene.kube.listAll(originCertificates, { namespace: scene.namespace, signal });
}

function isReady({ status }: OriginCertificate): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

function issuingOf({ status }: OriginCertificate): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Issuing')?.reason;
}

const revisions = (certificates: readonly OriginCertificate[]): number[] =>
  certificates.map(({ status }) => status?.revision ?? 0);

/** Requests made with the issuer's token since `fromMs`, each with its time, ms since the epoch of the simulator. */
async function requestsSince(fromMs: number): Promise<(RequestView & { readonly ms: number })[]> {
  const made = await scene.simulator.requests({ tokenId: scene.token.id });
  return made.map((each) => ({ ...each, ms: Date.parse(each.time) })).filter(({ ms }) => ms >= fromMs);
}

const now = async (): Promise<number> => (await scene.simulator.now()).getTime();

describe(`while ${CERTIFICATES} certificates of seven days are to be renewed, an outage of six hours`, () => {
  test(
    'costs a request a minute, no certificate, and ten minutes after it',
    { timeout: 900_000 },
    async () => {
      await begin(CERTIFICATES);
      await time.pass(4.54 * DAY, 4.54 * DAY);
      expect(Math.max(...revisions(await all()))).toBe(1);

      const beganMs = await now();
      await scene.simulator.inject({ operation: '*', count: 0, status: 503, html: true });
      await time.pass(HOUR, STEP_MS);
      await time.pass(OUTAGE_MS - HOUR, LATER_STEP_MS);
      const endedMs = await now();
      const during = await all();
      expect(during.filter(isReady)).toHaveLength(CERTIFICATES);
      expect(Math.max(...revisions(during))).toBe(1);
      expect(new Set(during.map(issuingOf))).toEqual(new Set(['CloudflareUnavailable']));

      await scene.simulator.clearFaults();
      const tookMs = await time.pass(
        15 * MINUTE,
        10 * SECOND,
        async () => Math.min(...revisions(await all())) === 2,
      );
      expect(tookMs).toBeLessThanOrEqual(10 * MINUTE);
      const after = await all();
      expect(after.filter(isReady)).toHaveLength(CERTIFICATES);
      expect(after.map(({ status }) => status?.failure)).toEqual(after.map(() => undefined));

      const requests = (await requestsSince(beganMs)).filter(({ ms }) => ms <= endedMs);
      // None is due in the first minutes: the incident begins when the first one meets it, and with it the count.
      const metMs = requests.find(({ operation }) => operation === 'createCertificate')?.ms ?? Infinity;
      const late = requests.map(({ ms }) => ms).filter((ms) => ms > metMs + 5 * MINUTE);
      expect(late.length).toBeGreaterThan(50);
      late.slice(1).forEach((ms, at) => expect(ms - (late[at] ?? 0)).toBeGreaterThanOrEqual(MINUTE));
      console.log(
        `${CERTIFICATES} certificates: ${requests.length} requests in the outage of ${OUTAGE_MS / HOUR} h, ` +
          `all renewed ${tookMs / SECOND} s after its end`,
      );
    },
  );
});

describe('a token that may not issue any more', () => {
  test('is asked with one request in five minutes, and every certificate that is due says so once', async () => {
    await begin(12);
    await time.pass(4.54 * DAY, 4.54 * DAY);
    await scene.simulator.inject({ operation: 'createCertificate', count: 0, status: 403, code: 1016 });
    const said = async (): Promise<boolean> =>
      (await all()).every((certificate) => issuingOf(certificate) === 'PermissionMissing');
    await time.pass(4 * HOUR, STEP_MS, said);
    const toldMs = await now();
    const told = await all();
    expect(told.map(issuingOf)).toEqual(told.map(() => 'PermissionMissing'));

    await time.pass(HOUR, STEP_MS);
    const posts = (await requestsSince(toldMs)).filter(({ operation }) => operation === 'createCertificate');
    expect(posts.length).toBeGreaterThanOrEqual(9);
    expect(posts.length).toBeLessThanOrEqual(12);
    const versions = new Map(told.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
    const rewritten = (await all()).filter(
      ({ metadata }) => versions.get(metadata.name) !== metadata.resourceVersion,
    );
    // Only who tried has something new to say, at powers of two.
    expect(rewritten.length).toBeLessThanOrEqual(posts.length);

    await scene.simulator.clearFaults();
    await time.pass(10 * MINUTE, STEP_MS, async () => Math.min(...revisions(await all())) === 2);
    expect(Math.min(...revisions(await all()))).toBe(2);
  }, 180_000);
});
