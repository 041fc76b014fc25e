import { createPrivateKey, createPublicKey, webcrypto, X509Certificate } from 'node:crypto';
import type { Secret } from '../../../src/kube/object.ts';
import { createCsr } from '../../../src/pki/csr.ts';
import { DEFAULT_KEY, generateKey } from '../../../src/pki/keys.ts';
import { encode } from '../../../src/secret-facts.ts';
import type { SignRequest } from '../../simulator/protocol.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import type { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';

export const DAY_MS = 86_400_000;
const WAIT = { timeoutMs: 15_000 };

/** A data key of a Secret as text; empty when it is not there. */
export function text(secret: Secret | undefined, key: string): string {
  return Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();
}

/** Decimal serial of the certificate in a Secret whose pair matches; throws what is wrong with it otherwise. */
export function idIn(secret: Secret | undefined): string {
  const certificate = new X509Certificate(text(secret, 'tls.crt'));
  if (!certificate.checkPrivateKey(createPrivateKey(text(secret, 'tls.key'))))
    throw new Error('the Secret holds a certificate and the key of another');
  return BigInt(`0x${certificate.serialNumber}`).toString();
}

/** A new key with a certificate for it that Cloudflare holds, signed past every rule. */
export async function signedPair(
  scene: Scene,
  request: Omit<SignRequest, 'csr'>,
): Promise<{ id: string; data: Record<string, string> }> {
  const { keys, privateKeyPem } = await generateKey(DEFAULT_KEY);
  const csr = await createCsr(keys, DEFAULT_KEY, request.hostnames);
  const { id, certificate } = await scene.simulator.sign({ requestType: 'origin-ecc', ...request, csr });
  return { id, data: { 'tls.crt': encode(certificate), 'tls.key': encode(privateKeyPem) } };
}

/** A second certificate for a key that has one, as a repeated request would have it; of fifteen years. Resolves to its id. */
export async function signedAgain(
  scene: Scene,
  privateKeyPem: string,
  hostnames: readonly string[],
): Promise<string> {
  const { subtle } = webcrypto;
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const pkcs8 = createPrivateKey(privateKeyPem).export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' });
  const keys = {
    privateKey: await subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']),
    publicKey: await subtle.importKey('spki', spki, algorithm, true, ['verify']),
  };
  const csr = await createCsr(keys, DEFAULT_KEY, hostnames);
  return (await scene.simulator.sign({ csr, hostnames, requestType: 'origin-ecc' })).id;
}

/** Dates of a certificate of ninety days of which `days` are left. */
export function daysLeft(days: number): { notBefore: string; notAfter: string } {
  const end = Math.floor(Date.now() / 1000) * 1000 + days * DAY_MS;
  return { notBefore: new Date(end - 90 * DAY_MS).toISOString(), notAfter: new Date(end).toISOString() };
}

/** Waits until the Secret holds another matching pair than `before` and nothing is under way; resolves to its id. */
export async function replaced(scene: Scene, name: string, before: string): Promise<string> {
  await waitFor(
    `another certificate than ${before} in ${name}-tls`,
    async () => {
      const certificate = await scene.certificate(name);
      const { id } = certificate?.status?.certificate ?? {};
      const inSecret = idIn(await scene.secret(`${name}-tls`));
      if (inSecret !== before && inSecret === id) return true;
      return new NotYet({ inSecret, status: certificate?.status });
    },
    WAIT,
  );
  await scene.settled(name);
  return idIn(await scene.secret(`${name}-tls`));
}

/** A certificate that is issued and settled; resolves to its id. */
export async function issued(
  scene: Scene,
  name: string,
  ...change: Parameters<Scene['applyCertificate']> extends [string, ...infer R] ? R : never
): Promise<string> {
  await scene.applyCertificate(name, ...change);
  await scene.settled(name);
  return idIn(await scene.secret(`${name}-tls`));
}

/** Waits until the Secret passes a check that returns undefined, or what is wrong with it. */
export async function secretUntil(
  scene: Scene,
  name: string,
  what: string,
  wrong: (secret: Secret) => unknown,
): Promise<Secret> {
  return waitFor(
    what,
    async () => {
      const secret = await scene.secret(name);
      if (secret === undefined) return new NotYet('no Secret');
      const problem = wrong(secret);
      return problem === undefined || problem === false
        ? secret
        : new NotYet({ problem, secret: secret.metadata });
    },
    WAIT,
  );
}

let barriers = 0;

/** Resolves when the operator has looked at the certificate and its Secret after this call. */
export async function lookedAt(scene: Scene, name: string, secretName = `${name}-tls`): Promise<void> {
  const mark = String(++barriers);
  const label = { metadata: { annotations: { 'originca.dev/revision': `garbled ${mark}` } } };
  await scene.patchSecret(secretName, label);
  await secretUntil(scene, secretName, 'the revision mended', ({ metadata }) =>
    /^\d+$/.test(metadata.annotations?.['originca.dev/revision'] ?? '') ? undefined : metadata.annotations,
  );
  await scene.settled(name);
}

/** Why the operator issued for this certificate, in order. */
export function reasons({ logs }: RunningOperator, scene: Scene, name: string): string[] {
  return logs
    .map((line) => JSON.parse(line) as { msg: string; certificate?: string; reason?: string })
    .filter(({ msg, certificate }) => msg === 'issuing' && certificate === `${scene.namespace}/${name}`)
    .map(({ reason }) => reason ?? '');
}

/** Makes the next POST for this hostname take a while, calls `begin`, and resolves when the POST is under way. */
export async function postUnderWay(
  scene: Scene,
  hostname: string,
  begin: () => Promise<unknown>,
  delayMs = 1200,
): Promise<void> {
  const before = await scene.posts();
  await scene.simulator.inject({ operation: 'createCertificate', hostname, delayMs });
  await begin();
  await waitFor('a POST under way', async () => (await scene.posts()) > before, { ...WAIT, intervalMs: 20 });
}

/** Waits until the simulator holds exactly these certificates for a hostname: `live` unrevoked, `revoked` revoked. */
export async function certificatesAt(
  scene: Scene,
  hostname: string,
  wanted: { readonly live: number; readonly revoked: number },
): Promise<void> {
  await waitFor(
    `${wanted.live} live and ${wanted.revoked} revoked certificates for ${hostname}`,
    async () => {
      const all = await scene.simulator.certificates({ hostname });
      const revoked = all.filter(({ revokedAt }) => revokedAt !== undefined).length;
      const fits = revoked === wanted.revoked && all.length - revoked === wanted.live;
      return fits || new NotYet({ live: all.length - revoked, revoked });
    },
    WAIT,
  );
}
