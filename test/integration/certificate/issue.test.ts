import { createPrivateKey, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Scene } from '../../support/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.start('issue', { zones: ['example.com', 'example.org'] });
  await scene.createIssuer();
  await scene.startOperator();
});

afterAll(() => scene[Symbol.asyncDispose]());

describe('a new OriginCertificate', () => {
  test('gets a certificate of the Origin CA in a TLS Secret, with one POST and a key that never left', async () => {
    const hostnames = ['example.com', '*.example.com', 'a.example.org'];
    await scene.applyCertificate('new', { hostnames });
    const { status } = await scene.settled('new');
    const secret = await scene.secret('new-tls');
    expect(secret?.type).toBe('kubernetes.io/tls');
    const pem = (key: string): string => Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();
    const certificate = new X509Certificate(pem('tls.crt'));
    expect(certificate.checkPrivateKey(createPrivateKey(pem('tls.key')))).toBe(true);
    expect(certificate.subjectAltName?.split(', ').toSorted()).toEqual(
      hostnames.map((name) => `DNS:${name}`).toSorted(),
    );
    expect(status?.certificate).toMatchObject({
      secretName: 'new-tls',
      fingerprintSHA256: certificate.fingerprint256,
    });
    expect((await scene.issued()).map(({ id }) => id)).toEqual([status?.certificate?.id]);
    expect(await scene.posts()).toBe(1);
    expect(await scene.pendings()).toEqual([]);
  });
});
