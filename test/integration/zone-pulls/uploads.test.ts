import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority, type PemPair } from '../../../src/pki/authority.ts';
import type { FaultSpec } from '../../simulator/fault.ts';
import { PullStage, type Theatre } from './stage.ts';
import { openTheatre } from './theatre.ts';

const DAY = 86_400_000;

let theatre: Theatre & AsyncDisposable;
let stage: PullStage;

beforeAll(async () => {
  theatre = await openTheatre();
});
beforeEach(async () => {
  stage = await PullStage.open(theatre);
});
afterEach(() => stage[Symbol.asyncDispose]());
afterAll(() => theatre[Symbol.asyncDispose]());

describe('an upload', () => {
  test.each<[string, Omit<FaultSpec, 'operation'>, number]>([
    ['whose answer is lost is found at Cloudflare', { resetAfter: true }, 1],
    ['that was stored although it failed is found at Cloudflare', { storedButFails: true }, 1],
    ['whose answer is cut is found at Cloudflare', { truncateJson: true }, 1],
    ['that never arrived is made again', { resetBefore: true }, 2],
    ['that Cloudflare failed at is made again', { status: 502, html: true }, 2],
    ['that Cloudflare limited is made again', { status: 429, code: 971, retryAfter: 1 }, 2],
  ])('%s', async (_, fault, uploads) => {
    await theatre.simulator.inject({ operation: 'uploadClientCertificate', ...fault });
    await stage.apply({ mode: 'Zone' });
    await stage.presenting();
    expect(await stage.uploads()).toBe(uploads);
    expect(await theatre.simulator.clientCertificates({ zoneId: stage.zoneId })).toHaveLength(1);
    expect(stage.failures).toEqual([]);
  });

  test('is not made again after a restart either, before it is sure that the first did not arrive', async () => {
    await theatre.simulator.inject({ operation: 'uploadClientCertificate', resetBefore: true });
    await stage.apply({ mode: 'Zone' });
    await stage.until('a lost answer', ({ problems }) => problems[0]?.reason === 'CloudflareUnavailable');
    stage.restart();
    const began = stage.clock.monotonic();
    await stage.until('a second upload', async () => (await stage.uploads()) === 2);
    expect(stage.clock.monotonic() - began).toBeGreaterThanOrEqual(90_000);
    await stage.presenting();
  });

  test('is made again, at longer and longer intervals, while Cloudflare gives up deploying it', async () => {
    await theatre.simulator.settings({ originPulls: { deployTimesOut: true } });
    await stage.apply({ mode: 'Zone' });
    const times: number[] = [];
    await stage.until('a fourth upload', async () => {
      const uploads = await stage.uploads();
      if (uploads > times.length) times.push(stage.clock.monotonic());
      return uploads === 4;
    });
    const waits = times.slice(1).map((time, index) => Math.round((time - (times[index] ?? 0)) / 60_000));
    expect(waits).toEqual([1, 2, 4]);
    await theatre.simulator.settings({ originPulls: { deployTimesOut: false } });
    await stage.presenting();
    expect(await stage.atCloudflare()).toHaveLength(1);
    expect(stage.failures).toEqual([]);
  });

  test('of the next leaf waits as well, and the old one stays', async () => {
    await stage.apply({ mode: 'Zone' });
    await stage.presenting();
    await theatre.simulator.settings({ originPulls: { deployTimesOut: true } });
    await stage.jump(61 * DAY);
    const began = stage.clock.monotonic();
    await stage.until('a third try', async () => (await stage.uploads()) === 4);
    expect(stage.clock.monotonic() - began).toBeGreaterThanOrEqual(3 * 60_000);
    await theatre.simulator.settings({ originPulls: { deployTimesOut: false } });
    await stage.until('the next leaf', async () => {
      const left = await stage.atCloudflare();
      return left.length === 1 && left[0]?.status === 'active';
    });
    expect(stage.failures).toEqual([]);
  });

  test('waits until Cloudflare has deployed it, however long that takes', async () => {
    await theatre.simulator.settings({ originPulls: { deployMs: 20 * 60_000 } });
    await stage.apply({ mode: 'Zone' });
    await stage.until(
      'Deploying',
      ({ status }) => status?.state === 'Deploying' && status.safeToDemand === false,
    );
    await stage.presenting();
    expect(await stage.uploads()).toBe(1);
  });
});

describe('a client certificate of somebody else', () => {
  test('on the zone beforehand stops everything', async () => {
    const foreign = await theatre.simulator.seedClientCertificate({ zoneId: stage.zoneId });
    await stage.apply({ mode: 'Zone' });
    const { status, problems } = await stage.tick();
    expect(status).toMatchObject({ state: 'ForeignClientCertificate', safeToDemand: false });
    expect(problems[0]).toMatchObject({ reason: 'ForeignClientCertificate', stalled: true });
    expect(problems[0]?.message).toContain(
      `client certificate ${foreign.id}, issued by CN=Somebody else, ends 20`,
    );
    for (let passes = 0; passes < 3; passes += 1) await stage.tick();
    expect(await stage.changes()).toEqual([]);
    expect(await stage.objects.secret()).toBeUndefined();

    await theatre.simulator.remove('clientCertificate', foreign.id);
    await stage.presenting();
  });

  test('that comes later is told, takes away what was safe, and is not touched', async () => {
    await stage.apply({ mode: 'Zone' });
    await stage.presenting();
    const foreign = await theatre.simulator.seedClientCertificate({ zoneId: stage.zoneId });
    await stage.jump(3_600_000);
    const { status } = await stage.tick();
    expect(status).toMatchObject({ state: 'ForeignClientCertificate', safeToDemand: false });
    expect((await stage.atCloudflare()).map(({ id }) => id)).toContain(foreign.id);
  });
});

describe('two clusters with one CA', () => {
  let other: PullStage;
  let ca: PemPair;

  beforeEach(async () => {
    ca = await createAuthority('example.com', stage.clock.now());
    other = await PullStage.beside(stage);
    for (const each of [stage, other]) {
      await each.objects.putCa(`${each.name}-ca`, ca);
      const publish = [{ kind: 'Secret' as const, namespace: each.namespace, name: 'ca' }];
      await each.apply({ mode: 'Zone', caSecretRef: { name: `${each.name}-ca` }, publish });
    }
  });
  afterEach(() => other[Symbol.asyncDispose]());

  test('present one client certificate, and both say that origins may demand it', async () => {
    const first = await stage.presenting();
    const second = await other.presenting();
    expect(second.status?.certificateId).toBe(first.status?.certificateId);
    expect(await other.objects.published('ca')).toBe(await stage.objects.published('ca'));
    expect(await stage.uploads()).toBe(1);
  });

  test('renew it once, whichever comes first, and never delete what the other uploaded', async () => {
    const { status } = await stage.presenting();
    await other.presenting();
    await stage.demandWhatIsIn('ca');
    for (const each of [stage, other]) await each.jump(61 * DAY);
    await stage.until(
      'a renewed leaf',
      (report) =>
        report.status?.state === 'Presenting' && report.status.certificateId !== status?.certificateId,
    );
    await other.presenting();
    expect(await stage.uploads()).toBe(2);
    expect(await stage.atCloudflare()).toHaveLength(1);
    expect([...stage.failures, ...other.failures]).toEqual([]);
  });

  test('outlive each other: who is left makes its own before the end', async () => {
    const { status } = await stage.presenting();
    await other.presenting();
    await other.jump(70 * DAY);
    await other.until(
      'a leaf of its own',
      (report) => report.status?.certificateId !== status?.certificateId,
    );
    await other.presenting();
    const left = await stage.atCloudflare();
    expect(left.map(({ id }) => id)).toContain(status?.certificateId);
    expect(left).toHaveLength(2);
    expect(other.failures).toEqual([]);
  });
});
