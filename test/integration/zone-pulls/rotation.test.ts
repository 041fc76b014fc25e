import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pemCertificates } from '../../../src/pki/inspect.ts';
import { createAuthority } from '../../../src/pki/authority.ts';
import { decode } from '../../../src/secret-facts.ts';
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

const publish = () => [{ kind: 'Secret' as const, namespace: stage.namespace, name: 'ca' }];

/** Presents, and the origin demands what is published. */
async function demanded(pulls: Parameters<PullStage['apply']>[0] = {}): Promise<string | undefined> {
  await stage.apply({ mode: 'Zone', publish: publish(), ...pulls });
  const { status } = await stage.presenting();
  await stage.demandWhatIsIn('ca');
  stage.probing = true;
  return status?.certificateId;
}

async function publishedCas(): Promise<readonly string[]> {
  const pem = (await stage.objects.published('ca')) ?? '';
  return pemCertificates(pem).map((block) => new X509Certificate(block).fingerprint256);
}

async function storedKeys(): Promise<readonly string[]> {
  return Object.keys((await stage.objects.secret())?.data ?? {}).toSorted();
}

describe('a leaf', () => {
  test('is replaced at a third of its life, without a visitor who is turned away', async () => {
    const first = await demanded();
    await stage.jump(57 * DAY);
    const early = await stage.tick();
    expect(early.status).toMatchObject({ state: 'Presenting', certificateId: first });

    await stage.jump(4 * DAY);
    await stage.until(
      'Rotating',
      ({ status }) => status?.state === 'Rotating' && status.safeToDemand === true,
    );
    const { status } = await stage.until(
      'another certificate',
      (report) => report.status?.state === 'Presenting' && report.status.certificateId !== first,
    );
    expect(status?.safeToDemand).toBe(true);
    expect((await stage.atCloudflare()).map(({ id }) => id)).toEqual([status?.certificateId]);
    expect(stage.failures).toEqual([]);
    expect(await stage.uploads()).toBe(2);
    expect(await storedKeys()).toEqual(['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
  });

  test('that Cloudflare does not finish deleting is deleted again', async () => {
    await demanded();
    await theatre.simulator.settings({ originPulls: { deleteTimesOut: true } });
    await stage.jump(61 * DAY);
    await stage.until('a deletion that timed out', async () =>
      (await stage.atCloudflare()).some(({ status }) => status === 'deletion_timed_out'),
    );
    await theatre.simulator.settings({ originPulls: { deleteTimesOut: false } });
    await stage.presenting();
    expect(await stage.atCloudflare()).toHaveLength(1);
    expect(stage.failures).toEqual([]);
  });

  test('that somebody deleted at Cloudflare is uploaded again, the same one', async () => {
    const first = await demanded();
    await theatre.simulator.remove('clientCertificate', first ?? '');
    await stage.jump(3_600_000);
    await stage.until(
      'another id',
      ({ status }) => status?.state === 'Presenting' && status.certificateId !== first,
    );
    expect(await stage.atCloudflare()).toHaveLength(1);
    expect(await stage.uploads()).toBe(2);
  });
});

describe('a CA', () => {
  test.each(['status', 'alert'] as const)(
    'is replaced when its key is taken away, where origins refuse by %s: both are published, then the new one alone',
    async (refusal) => {
      await stage[Symbol.asyncDispose]();
      stage = await PullStage.open(theatre, refusal);
      await demanded();
      const [old] = await publishedCas();
      await stage.objects.patchSecret({ data: { 'ca.key': null } });
      await stage.until('both CAs published', async () => (await publishedCas()).length === 2);
      const { status } = await stage.until(
        'the new CA alone',
        async () => (await publishedCas()).length === 1,
      );
      const [next] = await publishedCas();
      expect(next).not.toBe(old);
      expect(status?.safeToDemand).toBe(true);
      expect(await storedKeys()).toEqual(['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
      expect(await stage.atCloudflare()).toHaveLength(1);
      await stage.presenting();
      expect(stage.failures).toEqual([]);
    },
  );

  test('waits for an origin that reads nothing of what is published, and renews leaves of the old one meanwhile', async () => {
    await stage.objects.putCa(`${stage.name}-ca`, await createAuthority('example.com', stage.clock.now()));
    const first = await demanded();
    stage.demandFrom = undefined;
    await stage.apply({ mode: 'Zone', publish: publish(), caSecretRef: { name: `${stage.name}-ca` } });
    const { problems } = await stage.until('a refusal', ({ status }) => status?.state === 'NewCaNotAccepted');
    expect(problems[0]?.message).toContain('www.example.com at 127.0.0.1');
    expect(problems[0]?.message).toContain('Let them trust both CAs');
    await stage.jump(61 * DAY);
    await stage.until(
      'a renewed leaf',
      ({ status }) => status?.state === 'NewCaNotAccepted' && status.certificateId !== first,
    );
    expect(stage.failures).toEqual([]);

    await stage.demandWhatIsIn('ca');
    await stage.until('the new CA alone', async () => (await publishedCas()).length === 1);
    expect(stage.failures).toEqual([]);
  });

  test('that is given never leaves its Secret, and gives way to another that is put there', async () => {
    const ref = { name: `${stage.name}-ca` };
    await stage.objects.putCa(ref.name, await createAuthority('example.com', stage.clock.now()));
    await demanded({ caSecretRef: ref });
    expect(await storedKeys()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);

    const next = await createAuthority('example.com', stage.clock.now());
    await stage.objects.putCa(ref.name, next);
    const wanted = new X509Certificate(next.certificate).fingerprint256;
    await stage.until('the new CA alone', async () => {
      const published = await publishedCas();
      return published.length === 1 && published[0] === wanted;
    });
    expect(await storedKeys()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    const leaf = new X509Certificate(decode((await stage.objects.secret())?.data?.['tls.crt']) ?? '');
    expect(leaf.checkIssued(new X509Certificate(next.certificate))).toBe(true);
    expect(stage.failures).toEqual([]);
  });
});
