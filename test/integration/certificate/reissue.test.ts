import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { encode } from '../../../src/secret-facts.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { Scene } from '../../support/scene.ts';
import { daysLeft, issued, reasons, replaced, signedPair } from './pairs.ts';

let scene: Scene;
let operator: RunningOperator;

beforeAll(async () => {
  scene = await Scene.start('reissue');
  await scene.createIssuer();
  await scene.createIssuer({}, 'other');
  operator = await scene.startOperator();
});

afterAll(() => scene[Symbol.asyncDispose]());

const SPEC = {
  hostnames: ['example.com'],
  validityDays: 90,
  privateKey: { algorithm: 'ECDSA', size: 256 },
} as const satisfies Partial<OriginCertificate['spec']>;

type Change = (name: string) => Promise<unknown>;

const respecified =
  (spec: Partial<OriginCertificate['spec']>): Change =>
  (name) =>
    scene.applyCertificate(name, { ...SPEC, hostnames: [...SPEC.hostnames], ...spec });
const data =
  (change: Record<string, string>): Change =>
  (name) =>
    scene.patchSecret(`${name}-tls`, { data: change });
const planted =
  (request: Partial<Parameters<typeof signedPair>[1]>): Change =>
  async (name) => {
    const pair = await signedPair(scene, { hostnames: SPEC.hostnames, ...daysLeft(80), ...request });
    await scene.patchSecret(`${name}-tls`, { data: pair.data });
  };

describe('another certificate is issued with one POST', () => {
  test.each<[string, string, Change]>([
    ['when the Secret is missing', 'DoesNotExist', (name) => scene.deleteSecret(`${name}-tls`)],
    ['when the key is missing', 'MissingData', data({ 'tls.key': '' })],
    ['when both are missing', 'MissingData', data({ 'tls.key': '', 'tls.crt': '' })],
    [
      'when the pair does not match',
      'InvalidKeyPair',
      async (name) => {
        const { data: other } = await signedPair(scene, { hostnames: ['example.com'] });
        await scene.patchSecret(`${name}-tls`, { data: { 'tls.key': other['tls.key'] } });
      },
    ],
    ['when the key cannot be parsed', 'InvalidKeyPair', data({ 'tls.key': encode('no key') })],
    ['when the certificate cannot be parsed', 'InvalidCertificate', data({ 'tls.crt': encode('nothing') })],
    ['when nobody of trust signed it', 'UntrustedIssuer', planted({ variant: 'unknownRoot' })],
    ['when it has expired', 'Expired', planted(daysLeft(-1))],
    ['when it is due', 'Renewing', planted(daysLeft(20))],
    [
      'when somebody put one for other hostnames there',
      'HostnamesChanged',
      planted({ hostnames: ['a.example.com'] }),
    ],
    ['when the hostnames change', 'HostnamesChanged', respecified({ hostnames: ['*.example.com'] })],
    [
      'when the algorithm changes',
      'KeyChanged',
      respecified({ privateKey: { algorithm: 'RSA', size: 2048 } }),
    ],
    ['when the size changes', 'KeyChanged', respecified({ privateKey: { algorithm: 'ECDSA', size: 384 } })],
    ['when the validity changes', 'ValidityChanged', respecified({ validityDays: 30 })],
    [
      'when the issuer changes',
      'IssuerChanged',
      respecified({ issuerRef: { kind: 'OriginIssuer', name: 'other' } }),
    ],
    [
      'when a renewal is asked for',
      'RenewRequested',
      (name) =>
        scene.applyCertificate(
          name,
          { ...SPEC, hostnames: [...SPEC.hostnames] },
          { 'originca.dev/renew-requested-at': 'now' },
        ),
    ],
  ])('%s', async (sentence, reason, change) => {
    const name = sentence.replaceAll(' ', '-').toLowerCase();
    const before = await issued(scene, name, { ...SPEC, hostnames: [...SPEC.hostnames] });
    const posts = await scene.posts();
    await change(name);
    const after = await replaced(scene, name, before);
    expect(await scene.posts()).toBe(posts + 1);
    expect(reasons(operator, scene, name)).toEqual(['DoesNotExist', reason]);
    expect((await scene.certificate(name))?.status?.certificate?.id).toBe(after);
  });
});
