import { X509Certificate } from 'node:crypto';
import type { FailureReason } from '../../../src/api/conditions.ts';
import { ANNOTATION } from '../../../src/api/names.ts';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import type { Secret } from '../../../src/kube/object.ts';
import { privateKeyDigest } from '../../../src/pki/keys.ts';
import { idIn, text } from '../certificate/pairs.ts';

/** An entry of `status.failure` as it was seen: why, and how long until the next try. */
export type Shown = readonly [reason: FailureReason, retryMs: number];

/** Longer waits are cut short by a jump of the clock. */
const SHORT_MS = 15_000;

/**
 * How many of the failures come by themselves, without a jump. They are to be awaited before one: a jump in the midst
 * of a try leaves no time in which its failure is shown.
 */
export function withoutJump(shown: readonly Shown[]): number {
  const long = shown.findIndex(([, retryMs]) => retryMs > SHORT_MS);
  return long === -1 ? shown.length : long + 1;
}

/** What was seen of one certificate and its Secrets from their beginning. */
export class Seen {
  /** In order, each once: of one reason the first and the second, as the status is not rewritten for the third. */
  readonly shown: Shown[] = [];
  /** Reasons of `Issuing` False, in order. */
  readonly said: string[] = [];
  /** Ids that its Secret has held. */
  readonly written = new Set<string>();
  /** What was wrong with its Secret at any time. */
  readonly bad = new Set<string>();
  /** Digests of the keys of its pending Secrets. */
  readonly keys = new Set<string>();
  /** Digest of the key in its Secret. */
  key: string | undefined;

  /** Notes what is news in the status. */
  status(certificate: OriginCertificate): void {
    const issuing = conditionOf(certificate, 'Issuing');
    if (issuing?.status === 'False' && this.said.at(-1) !== issuing.reason) this.said.push(issuing.reason);
    const { failure } = certificate.status ?? {};
    if (failure === undefined) return;
    const ofThisReason = this.shown.length - 1 - this.shown.findLastIndex(([why]) => why !== failure.reason);
    if (failure.count !== ofThisReason + 1) return;
    const retryMs = Date.parse(failure.nextTime) - Date.parse(failure.lastTime);
    this.shown.push([failure.reason as FailureReason, retryMs]); // We wrote it: it is one of ours.
  }

  pending(secret: Secret): void {
    const digest = privateKeyDigest(text(secret, 'tls.key'));
    if (digest !== undefined) this.keys.add(digest);
  }

  /** Judges a Secret as a reader of it would, without the operator's own eyes. */
  target(secret: Secret, wanted: Wanted): void {
    try {
      this.written.add(idIn(secret));
      this.key = privateKeyDigest(text(secret, 'tls.key'));
      for (const problem of problemsOf(text(secret, 'tls.crt'), wanted)) this.bad.add(problem);
    } catch (error) {
      this.bad.add(String(error));
    }
  }
}

/** What a certificate in a Secret must be. */
export interface Wanted {
  readonly hostnames: readonly string[];
  readonly roots: readonly X509Certificate[];
  /** Ms since the epoch. */
  readonly now: number;
}

const DAYS = 90;
const DAY_MS = 86_400_000;

function problemsOf(pem: string, { hostnames, roots, now }: Wanted): string[] {
  const certificate = new X509Certificate(pem);
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  const names = (certificate.subjectAltName ?? '').split(', ').toSorted().join();
  const checks: readonly (readonly [isGood: boolean, problem: string])[] = [
    [pem.split('BEGIN').length === 2, 'not one block'],
    [
      names ===
        hostnames
          .map((name) => `DNS:${name}`)
          .toSorted()
          .join(),
      `for ${names}`,
    ],
    [roots.some(({ publicKey }) => certificate.verify(publicKey)), 'unknown root'],
    [!certificate.ca, 'a CA'],
    [to - from === DAYS * DAY_MS, `valid for ${(to - from) / DAY_MS} days`],
    [from <= now && now < to, 'not valid now'],
  ];
  return checks.flatMap(([isGood, problem]) => (isGood ? [] : [problem]));
}

export const isPending = ({ type }: Secret): boolean => type === 'originca.dev/pending';

/** The name of the certificate that a pending Secret belongs to. */
export const ownerOf = ({ metadata }: Secret): string => metadata.annotations?.[ANNOTATION.certificate] ?? '';

export function conditionOf({ status }: OriginCertificate, wanted: string) {
  return status?.conditions?.find(({ type }) => type === wanted);
}
