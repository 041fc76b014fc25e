import { createPrivateKey } from 'node:crypto';
import type { Secret } from '../../../src/kube/object.ts';
import { createCsr } from '../../../src/pki/csr.ts';
import { generateKey, type KeySpec } from '../../../src/pki/keys.ts';
import { encode } from '../../../src/secret-facts.ts';
import type { SignRequest } from '../../simulator/protocol.ts';
import type { Scene } from '../../support/scene.ts';
import { DAY_MS } from './pairs.ts';

/** How a pair came to be that is in a Secret before the operator is. */
export interface Found {
  readonly key: KeySpec;
  /** PKCS#1 and SEC 1 are what cert-manager and Terraform write, PKCS#8 what the dashboard shows. */
  readonly encoding: 'pkcs8' | 'pkcs1' | 'sec1';
  readonly days: number;
  readonly hostname: string;
  readonly secret: Omit<Secret, 'data'>;
  readonly variant?: SignRequest['variant'];
}

/** Makes a Secret with a pair that Cloudflare signed a month ago for somebody else. */
export async function found(
  scene: Scene,
  { key, encoding, days, hostname, secret, variant }: Found,
): Promise<Secret> {
  const { keys, privateKeyPem } = await generateKey(key);
  const hostnames = [hostname];
  const notBefore = Math.floor(Date.now() / 1000) * 1000 - 30 * DAY_MS;
  const { certificate } = await scene.simulator.sign({
    csr: await createCsr(keys, key, hostnames),
    hostnames,
    requestType: key.algorithm === 'RSA' ? 'origin-rsa' : 'origin-ecc',
    notBefore: new Date(notBefore).toISOString(),
    notAfter: new Date(notBefore + days * DAY_MS).toISOString(),
    ...(variant && { variant }),
  });
  const keyPem = createPrivateKey(privateKeyPem).export({ type: encoding, format: 'pem' }).toString();
  return scene.createSecret({
    ...secret,
    data: { 'tls.crt': encode(certificate), 'tls.key': encode(keyPem) },
  });
}

/** An operator-less RSA pair of fifteen years in a TLS Secret, as `kubectl create secret tls` makes it. */
export function byHand(name: string, hostname: string): Found {
  return {
    key: { algorithm: 'RSA', size: 2048 },
    encoding: 'pkcs8',
    days: 5475,
    hostname,
    secret: { metadata: { name }, type: 'kubernetes.io/tls' },
  };
}
