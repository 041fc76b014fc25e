import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { CloudflareApi, type CloudflareApiOptions } from '../../../src/cloudflare/api.ts';
import { Budget } from '../../../src/cloudflare/budget.ts';
import type { CertificateRequest, CloudflareClient } from '../../../src/cloudflare/client.ts';
import { CloudflareError } from '../../../src/cloudflare/errors.ts';
import { ApiToken } from '../../../src/cloudflare/token.ts';
import { systemClock } from '../../../src/clock.ts';
import { createCsr } from '../../../src/pki/csr.ts';
import { generateKey, type KeySpec, privateKeyDigest } from '../../../src/pki/keys.ts';
import { Simulator } from '../../simulator/client.ts';

/** A simulator that this process trusts, as NODE_EXTRA_CA_CERTS would make the operator trust it. */
export async function startTrusted(): Promise<Simulator> {
  const simulator = await Simulator.start();
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(simulator.caFile, 'utf8')]);
  return simulator;
}

/** The API without a limit of ours, unless told otherwise. */
export function apiFor(simulator: Simulator, options: Partial<CloudflareApiOptions> = {}): CloudflareApi {
  const budget = new Budget({ ratePerSecond: 0, burst: 1, clock: systemClock });
  const shared = { baseUrl: simulator.apiUrl, budget, clock: systemClock, postTimeoutMs: 5000, env: {} };
  return new CloudflareApi({ ...shared, ...options });
}

export async function clientFor(
  simulator: Simulator,
  api: CloudflareApi,
  seed: Parameters<Simulator['seedToken']>[0] = {},
): Promise<CloudflareClient> {
  const { value } = await simulator.seedToken(seed);
  return api.client(new ApiToken(value));
}

/** A request for a certificate and the digest of its key. */
export async function wanted(
  hostnames: readonly string[],
  spec: KeySpec = { algorithm: 'ECDSA', size: 256 },
): Promise<CertificateRequest & { readonly keyDigest: string }> {
  const { keys, privateKeyPem } = await generateKey(spec);
  const csr = await createCsr(keys, spec, hostnames);
  const keyDigest = privateKeyDigest(privateKeyPem) ?? '';
  const requestType = spec.algorithm === 'RSA' ? 'origin-rsa' : 'origin-ecc';
  return { csr, hostnames, requestType, requestedValidity: 90, keyDigest };
}

/** The CloudflareError that the promise rejects with; fails the test on anything else. */
export async function failure(promise: Promise<unknown>): Promise<CloudflareError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CloudflareError) return error;
  throw new Error('no CloudflareError', { cause: error });
}
