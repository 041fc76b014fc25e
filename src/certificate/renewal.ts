import { hash } from 'node:crypto';
import { parseDuration } from '../api/duration.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { CertificateFacts } from '../pki/inspect.ts';

export interface RenewalInput {
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Milliseconds before notAfter; absent: a third of the lifetime. */
  readonly renewBeforeMs: number | undefined;
  readonly uid: string;
  readonly revision: number;
}

export interface Renewal {
  /** Milliseconds since the Unix epoch, a whole second. */
  readonly at: number;
  /** True when renewBefore did not fit the actual lifetime and was shortened. */
  readonly clamped: boolean;
}

/** A certificate is never renewed before a tenth of its life has passed, or it would be renewed for ever. */
const EARLIEST_FRACTION = 0.1;
const SPREAD_FRACTION = 0.05;

/**
 * When to renew: `notAfter - renewBefore - spread`. The spread keeps certificates that were issued together
 * from being renewed together. It is a pure function of object and revision, so that a restart changes nothing
 * and so that it never grows past half of what renewBefore leaves.
 */
export function renewalTime(input: RenewalInput): Renewal {
  const lifetime = input.notAfter - input.notBefore;
  const earliest = input.notBefore + lifetime * EARLIEST_FRACTION;
  const wanted = input.renewBeforeMs ?? lifetime / 3;
  const renewBefore = Math.min(wanted, lifetime);
  const spread = Math.min(renewBefore * SPREAD_FRACTION, (lifetime - renewBefore) / 2);
  const at = input.notAfter - renewBefore - spread * fraction(`${input.uid}:${input.revision}`);
  return { at: wholeSecond(Math.max(at, earliest)), clamped: input.notAfter - wanted < earliest };
}

/** When the certificate that an object's Secret holds is to be renewed. */
export function renewalOf(
  certificate: OriginCertificate,
  facts: CertificateFacts,
  revision: number,
): Renewal {
  const { spec, metadata } = certificate;
  return renewalTime({
    notBefore: facts.notBefore,
    notAfter: facts.notAfter,
    renewBeforeMs: spec.renewBefore === undefined ? undefined : parseDuration(spec.renewBefore),
    uid: metadata.uid,
    revision,
  });
}

/** Uniform in [0, 1), from a name. */
function fraction(name: string): number {
  return hash('sha256', name, 'buffer').readUInt32BE(0) / 2 ** 32;
}

/** Certificates and status fields count in whole seconds: a finer time would differ after being read back. */
function wholeSecond(ms: number): number {
  return Math.ceil(ms / 1000) * 1000;
}
