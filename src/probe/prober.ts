import type { X509Certificate } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { ProbeOptions, Probes, ProbeTarget, TrustSet, Verdict } from './types.ts';

export interface ProberOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Connections at once. Default 16. */
  readonly concurrency?: number;
  /** Connections a second. Default 20. */
  readonly ratePerSecond?: number;
  /** Real time, for TCP and again for TLS. Default 15 s, as Cloudflare's edge has it. */
  readonly connectTimeoutMs?: number;
  /** `--probe-allow-cidr`: contacted although they are loopback, link-local or the like. */
  readonly allowCidrs: readonly string[];
  /** `host:port` of the resolver to ask; absent: the system's. */
  readonly dnsServer?: string | undefined;
  /** Default: those that Node carries. */
  readonly publicRoots?: readonly X509Certificate[];
}

/** Knocks at origins as Cloudflare's edge would, within limits of its own. */
export class Prober implements Probes {
  readonly #o: ProberOptions;

  constructor(options: ProberOptions) {
    this.#o = options;
  }

  probe(target: ProbeTarget, _trust: TrustSet, { signal }: ProbeOptions): Promise<readonly Verdict[]> {
    signal.throwIfAborted();
    const { clock } = this.#o;
    return Promise.resolve(
      target.addresses.map((address) => ({
        hostname: target.hostname,
        address,
        source: target.source,
        result: 'Unverifiable',
        message: 'nothing is probed yet',
        presented: undefined,
        tls: false,
        clientCertificate: 'unknown',
        redirectsToHttp: false,
        beganMs: clock.monotonic(),
        at: clock.now(),
      })),
    );
  }
}
