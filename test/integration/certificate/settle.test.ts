import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { originIssuers } from '../../../src/resources.ts';
import type { TokenChange } from '../../simulator/protocol.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { Scene } from '../../support/scene.ts';
import { waitFor } from '../../support/wait.ts';
import { certificatesAt, idIn } from './pairs.ts';

let scene: Scene;
const clock = new JumpClock();

beforeAll(async () => {
  scene = await Scene.start('settle');
  await scene.startOperator({ clock });
});

afterAll(() => scene[Symbol.asyncDispose]());

/** An issuer of this name with a token of its own. */
async function issuerWithToken(name: string): Promise<{ readonly id: string }> {
  const token = await scene.simulator.seedToken();
  await scene.putToken(token.value, name);
  const metadata = { name, namespace: scene.namespace };
  await scene.apply(originIssuers, { metadata, spec: { apiTokenSecretRef: { name } } });
  return token;
}

describe('what the former issuer left behind when its answer was lost', () => {
  test.each<[string, string, Omit<TokenChange, 'id'>]>([
    ['is disabled', 'disabled', { status: 'disabled' }],
    ['may only read', 'reader', { permissions: ['Zone:Read', 'SSL and Certificates:Read'] }],
  ])('is revoked by the new issuer where the token of the former %s', async (_, name, change) => {
    const hostname = `${name}.example.com`;
    const issuedBy = (issuer: string) =>
      scene.applyCertificate(name, {
        hostnames: [hostname],
        issuerRef: { kind: 'OriginIssuer', name: issuer },
      });
    const former = await issuerWithToken(`${name}-former`);
    const present = await issuerWithToken(`${name}-present`);
    const fault = { operation: 'createCertificate', hostname, tokenId: former.id } as const;
    await scene.simulator.inject({ ...fault, resetAfter: true });
    await issuedBy(`${name}-former`);
    await scene.condition(name, 'Issuing', 'CloudflareUnavailable', 'False');
    await certificatesAt(scene, hostname, { live: 1, revoked: 0 });
    const [stray] = await scene.simulator.certificates({ hostname });

    await scene.simulator.updateToken(former.id, change);
    await issuedBy(`${name}-present`);
    await waitFor(
      'the new wish seen',
      async () => (await scene.certificate(name))?.status?.observedGeneration === 2,
      { timeoutMs: 10_000 },
    );
    clock.jump(4000);
    await scene.settled(name);
    await certificatesAt(scene, hostname, { live: 1, revoked: 1 });
    const [live] = (await scene.issued()).filter(({ hostnames }) => hostnames.includes(hostname));
    expect(live?.tokenId).toBe(present.id);
    expect(live?.id).not.toBe(stray?.id);
    expect(idIn(await scene.secret(`${name}-tls`))).toBe(live?.id);
    const revocations = await scene.simulator.requests({ operation: 'revokeCertificate', status: 200 });
    const ofStray = revocations.filter(({ path }) => path.includes(stray?.id ?? 'none'));
    expect(ofStray.map(({ tokenId }) => tokenId)).toEqual([present.id]);
  });
});
