import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Secret } from '../../../src/kube/object.ts';
import { privateKeyDigest } from '../../../src/pki/keys.ts';
import type { FaultSpec } from '../../simulator/fault.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { certificatesAt, idIn, text } from './pairs.ts';

interface Loss {
  readonly name: string;
  /** Absent: by a setting of the whole simulator. */
  readonly fault?: Omit<FaultSpec, 'operation' | 'hostname'>;
  /** What it is: found by the search, or posted again with the same key. */
  readonly end: 'found' | 'posted again';
}

const LOSSES: readonly Loss[] = [
  { name: 'connection-reset-after-the-effect', fault: { resetAfter: true }, end: 'found' },
  { name: 'connection-reset-before-the-effect', fault: { resetBefore: true }, end: 'posted again' },
  { name: 'answer-cut-in-its-body', fault: { cutBody: true }, end: 'found' },
  { name: 'answer-that-ends-in-its-json', fault: { truncateJson: true }, end: 'found' },
  { name: 'stored-but-refused', fault: { storedButFails: true }, end: 'found' },
  { name: 'error-page', fault: { status: 502, html: true }, end: 'posted again' },
  { name: 'server-error', fault: { status: 500, code: 1100 }, end: 'posted again' },
  { name: 'no-answer', fault: { hang: true }, end: 'posted again' },
  { name: 'signed-after-the-timeout', fault: { delayMs: 3300 }, end: 'found' },
];

let scene: Scene;
let operator: RunningOperator;
/** Digest of the key of each pending Secret, noted while the POST was out. */
const keys = new Map<string, string>();

const hostname = (name: string): string => `${name}.example.com`;

beforeAll(async () => {
  scene = await Scene.start('recovery');
  // Later than the POST's time limit ends the wait for it, sooner than the settling after that.
  await scene.simulator.settings({ lateListingMs: 500 });
  await scene.createIssuer();
  operator = await scene.startOperator();
  for (const { name, fault } of LOSSES) {
    await scene.simulator.inject({ operation: 'createCertificate', hostname: hostname(name), ...fault });
  }
  // All at once: each waits several seconds for the end of its POST.
  await Promise.all(LOSSES.map(({ name }) => scene.applyCertificate(name, { hostnames: [hostname(name)] })));
  await waitFor(
    'a pending Secret for each',
    async () => {
      for (const secret of await scene.pendings()) keys.set(ownerOf(secret), keyIn(secret));
      return keys.size === LOSSES.length || new NotYet([...keys.keys()]);
    },
    { timeoutMs: 10_000, intervalMs: 20 },
  );
  for (const { name } of LOSSES) await scene.condition(name, 'Ready', 'Issued', 'True');
});

afterAll(() => scene[Symbol.asyncDispose]());

const ownerOf = ({ metadata }: Secret): string => metadata.annotations?.['originca.dev/certificate'] ?? '';
const keyIn = (secret: Secret | undefined): string => privateKeyDigest(text(secret, 'tls.key')) ?? '';

describe('a POST whose answer is lost', () => {
  test.each(LOSSES)('$name: $end, and exactly one certificate', async ({ name, end }) => {
    await certificatesAt(scene, hostname(name), { live: 1, revoked: 0 });
    const secret = await scene.secret(`${name}-tls`);
    const [certificate] = await scene.simulator.certificates({ hostname: hostname(name) });
    expect(idIn(secret)).toBe(certificate?.id);
    expect(keyIn(secret)).toBe(keys.get(name));
    const wasFound = operator.logs.some(
      (line) => line.includes(`/${name}"`) && line.includes('found at Cloudflare after an unknown outcome'),
    );
    expect(wasFound).toBe(end === 'found');
  });

  test('costs no POST but the one again where nothing was stored', async () => {
    const again = LOSSES.filter(({ end }) => end === 'posted again').length;
    expect(await scene.posts()).toBe(LOSSES.length + again);
    expect(await scene.pendings()).toEqual([]);
  });
});

describe('a definite refusal', () => {
  test('is posted again without a search, as soon as it may be', async () => {
    const listings = async (): Promise<number> =>
      (await scene.simulator.requests({ operation: 'listCertificates' })).length;
    const before = await listings();
    const name = hostname('limited');
    const fault = { operation: 'createCertificate', status: 429, code: 971, retryAfter: 1 } as const;
    await scene.simulator.inject({ ...fault, hostname: name });
    await scene.applyCertificate('limited', { hostnames: [name] });
    const { status } = await scene.condition('limited', 'Issuing', 'RateLimited', 'False');
    expect(status?.failure).toMatchObject({ reason: 'RateLimited', count: 1 });
    expect((await scene.pendings())[0]?.metadata.annotations?.['originca.dev/posted-at']).toBe('');
    await scene.settled('limited');
    await certificatesAt(scene, name, { live: 1, revoked: 0 });
    expect(await listings()).toBe(before);
  });
});
