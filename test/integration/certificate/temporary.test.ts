import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { JumpClock } from '../../support/jump-clock.ts';
import { type RunningOperator, Scene } from '../../support/scene.ts';
import { issued, secretUntil, signedPair, text } from './pairs.ts';

let scene: Scene;
let operator: RunningOperator;
const clock = new JumpClock();

beforeAll(async () => {
  scene = await Scene.start('bridge');
  await scene.createIssuer();
  operator = await scene.startOperator({ clock });
});

afterAll(() => scene[Symbol.asyncDispose]());

beforeEach(async () => {
  await scene.simulator.clearFaults();
});

const bridged = (hostname: string) => ({ hostnames: [hostname], temporaryCertificate: true });

async function outage(): Promise<void> {
  await scene.simulator.inject({ operation: 'createCertificate', status: 503, html: true, count: 0 });
}

/** Waits until the Secret holds a matching self-signed pair for this hostname. */
async function selfSigned(secretName: string, hostname: string): Promise<void> {
  await secretUntil(scene, secretName, `a self-signed pair for ${hostname}`, (secret) => {
    const certificate = new X509Certificate(text(secret, 'tls.crt'));
    const fits =
      certificate.verify(certificate.publicKey) && certificate.subjectAltName === `DNS:${hostname}`;
    return fits ? undefined : certificate.subjectAltName;
  });
}

test('in good weather no temporary pair is written', async () => {
  await issued(scene, 'fine', bridged('fine.example.com'));
  expect(operator.logs.filter((line) => line.includes('self-signed'))).toEqual([]);
});

test('while Cloudflare is down the Secret holds a self-signed pair; after it the certificate, with no trace of the other', async () => {
  await outage();
  await scene.applyCertificate('down', { ...bridged('down.example.com'), secretDeletionPolicy: 'Delete' });
  const { status } = await scene.condition('down', 'Ready', 'TemporaryCertificate', 'False');
  expect(status?.certificate).toBeUndefined();
  await scene.condition('down', 'Issuing', 'CloudflareUnavailable', 'False');
  await selfSigned('down-tls', 'down.example.com');
  await lookedAtTemporary('down');
  expect((await scene.secret('down-tls'))?.metadata.ownerReferences).toHaveLength(1);

  await scene.applyCertificate('down', bridged('other.example.com'));
  await selfSigned('down-tls', 'other.example.com');
  await scene.simulator.clearFaults();
  clock.jump(100_000); // Past the time in which the POST could still have an effect.
  const healed = await scene.settled('down');
  expect(healed.status).toMatchObject({ revision: 1, certificate: { hostnames: ['other.example.com'] } });
  expect(healed.status?.superseded).toBeUndefined();
  expect((await scene.issued()).map(({ hostnames }) => hostnames)).toContainEqual(['other.example.com']);
});

test('where there is no issuer the Secret holds one too', async () => {
  await scene.applyCertificate('alone', {
    ...bridged('alone.example.com'),
    issuerRef: { kind: 'OriginIssuer', name: 'none' },
  });
  await scene.condition('alone', 'Ready', 'TemporaryCertificate', 'False');
  await scene.condition('alone', 'Issuing', 'IssuerNotFound', 'False');
  await selfSigned('alone-tls', 'alone.example.com');
});

test('a pair that an authority signed is not replaced by a temporary one, whatever became of it', async () => {
  const hostname = 'expired.example.com';
  const id = await issued(scene, 'expired', bridged(hostname));
  await outage();
  const dates = { notBefore: '2020-01-01T00:00:00Z', notAfter: '2020-02-01T00:00:00Z' };
  const pair = await signedPair(scene, { hostnames: [hostname], ...dates });
  await scene.patchSecret('expired-tls', { data: pair.data });
  await scene.condition('expired', 'Ready', 'CloudflareUnavailable', 'False');
  expect((await scene.secret('expired-tls'))?.data).toEqual(pair.data);
  expect(id).not.toBe(pair.id);
});

/** The operator leaves the temporary pair as it is when it looks at it again. */
async function lookedAtTemporary(name: string): Promise<void> {
  const before = await scene.secret(`${name}-tls`);
  await scene.patchSecret(`${name}-tls`, {
    metadata: { annotations: { 'originca.dev/revision': 'garbled' } },
  });
  const mended = await secretUntil(scene, `${name}-tls`, 'the revision mended', ({ metadata }) =>
    metadata.annotations?.['originca.dev/revision'] === '1' ? undefined : metadata.annotations,
  );
  expect(mended.data).toEqual(before?.data);
}
