import type { ListedCertificate } from '../../src/cloudflare/results.ts';
import { certificateText, type PaperCertificate } from './paper.ts';
import type { Answer, Call, CloudflareCall } from './calls.ts';
import { type Cloudflare, SETTLE_MS, type Stored, WAIT_MS } from './state.ts';

type Sent = Pick<Call, 'sentAt'>;

/** What Cloudflare makes of a request beyond doing it. */
export interface Manner {
  /** The certificate is left out of listings for as long as it may be. */
  readonly listsLate?: boolean;
  /** The certificate is not what was asked for. */
  readonly signs?: 'other names';
}

const DAY_MS = 86_400_000;

/** Does what is asked and answers. */
export function carryOut(
  cloudflare: Cloudflare,
  call: CloudflareCall & Sent,
  now: number,
  manner: Manner = {},
): { readonly cloudflare: Cloudflare; readonly answer: Answer } {
  switch (call.verb) {
    case 'post': {
      const stored = signed(cloudflare, call, now, manner);
      return {
        cloudflare: { ...cloudflare, stored: [...cloudflare.stored, stored] },
        answer: { ok: { id: stored.id, certificate: stored.text, rayId: undefined } },
      };
    }
    case 'listing': {
      const certificates = cloudflare.stored.filter(({ listedAt }) => listedAt <= now);
      return { cloudflare, answer: { ok: { complete: true, certificates } } };
    }
    case 'read': {
      const found = cloudflare.stored.find(({ id }) => id === call.id);
      return {
        cloudflare,
        answer: found ? { ok: listed(found) } : { cloudflare: 'NotFound', definite: true },
      };
    }
    case 'revoke': {
      const found = cloudflare.stored.find(({ id }) => id === call.id);
      if (!found || found.revoked) return { cloudflare, answer: { ok: 'already-revoked' } };
      const stored = cloudflare.stored.map((each) => (each === found ? { ...each, revoked: true } : each));
      return { cloudflare: { ...cloudflare, stored }, answer: { ok: 'revoked' } };
    }
  }
}

function signed(
  { stored }: Cloudflare,
  { key, hostnames, days, sentAt }: Extract<CloudflareCall, { readonly verb: 'post' }> & Sent,
  now: number,
  { listsLate = false, signs }: Manner,
): Stored {
  const id = String(stored.length + 1);
  const certificate: PaperCertificate = {
    id,
    key,
    hostnames: signs === undefined ? hostnames : ['other.example.com'],
    notBefore: now,
    notAfter: now + days * DAY_MS,
  };
  const listedAt = listsLate ? Math.min(now + SETTLE_MS, sentAt + WAIT_MS) : now;
  return {
    id,
    key,
    hostnames: certificate.hostnames,
    text: certificateText(certificate),
    revoked: false,
    listedAt,
  };
}

/** As listings and single reads show it. */
export function listed({ id, key, hostnames, text, revoked }: Stored): ListedCertificate {
  return {
    id,
    certificate: text,
    hostnames,
    publicKeyDigest: key,
    expiresOn: Number(id),
    notBefore: undefined,
    notAfter: undefined,
    revokedAt: revoked ? '2026-01-01T00:00:00Z' : undefined,
  };
}
