import { systemClock } from '../../../src/clock.ts';
import { Prober, type ProberOptions } from '../../../src/probe/prober.ts';
import type { ClientPair, TrustSet, Verdict } from '../../../src/probe/types.ts';
import { authority, leaf, type Signed } from '../../support/tls-origin-certificates.ts';

export const HOST = 'www.example.com';

/** Authorities of all kinds that a probe trusts. */
export interface Authorities {
  readonly originRsa: Signed;
  readonly originEcc: Signed;
  readonly publicRoot: Signed;
  readonly custom: Signed;
  readonly stranger: Signed;
  readonly trust: TrustSet;
}

export async function authorities(): Promise<Authorities> {
  const [originRsa, originEcc, publicRoot, custom, stranger] = await Promise.all([
    authority('Origin RSA', 'RSA'),
    authority('Origin ECC'),
    authority('Public Root'),
    authority('Company Root'),
    authority('Stranger'),
  ]);
  const trust = {
    originCa: [originRsa.certificate, originEcc.certificate],
    publicRoots: [publicRoot.certificate],
    custom: [custom.certificate],
  };
  return { originRsa, originEcc, publicRoot, custom, stranger, trust };
}

export const LOOPBACK = ['127.0.0.0/8', '::1/128'];

export function prober(options: Partial<ProberOptions> = {}): Prober {
  return new Prober({
    clock: systemClock,
    allowCidrs: LOOPBACK,
    connectTimeoutMs: 400,
    ratePerSecond: 1_000,
    ...options,
  });
}

/** Knocks at addresses for HOST. */
export function knock(
  addresses: readonly string[],
  trust: TrustSet,
  { client, hostname = HOST, by = prober() }: { client?: ClientPair; hostname?: string; by?: Prober } = {},
): Promise<readonly Verdict[]> {
  return by.probe({ hostname, addresses, source: 'spec.probes[0]' }, trust, {
    signal: AbortSignal.timeout(9_000),
    ...(client && { client }),
  });
}

/** Knocks at one address. */
export async function knockOnce(
  address: string,
  trust: TrustSet,
  options: Parameters<typeof knock>[2] = {},
): Promise<Verdict> {
  const [verdict] = await knock([address], trust, options);
  if (verdict === undefined) throw new Error(`no verdict of ${address}`);
  return verdict;
}

export { leaf };
