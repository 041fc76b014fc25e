import type { IssueReason } from '../api/conditions.ts';
import { API_VERSION } from '../api/names.ts';
import type { Regarding } from '../kube/events.ts';
import type { CertificateContext } from './context.ts';
import type { Pending } from './pending.ts';
import type { Living } from './world.ts';

/** What people are told as it happens: an event on the OriginCertificate and a line in the log. */
export const announce = {
  issued(
    context: CertificateContext,
    world: Living,
    id: string,
    reason: IssueReason,
    how: 'issued' | 'recovered',
  ): void {
    const found = how === 'recovered' ? 'found at Cloudflare after an unknown outcome and ' : '';
    const note = `Certificate ${id} ${found}written to Secret ${world.secretName} (${reason}).`;
    tell(context, regarding(world), { type: 'Normal', reason: 'Issued', action: 'Issue', note });
  },

  revokedElsewhere(context: CertificateContext, world: Living): void {
    const { pair } = world.target ?? {};
    const id = pair?.state === 'Matching' ? pair.certificate.id : '';
    const note = `Certificate ${id} in Secret ${world.secretName} was revoked at Cloudflare, and not by this operator. Another is asked for.`;
    tell(context, regarding(world), { type: 'Warning', reason: 'RevokedElsewhere', action: 'Issue', note });
  },

  released(context: CertificateContext, world: Living, secretName: string): void {
    const note =
      `Secret ${secretName} is no longer kept: spec.secretName is ${world.secretName} now. ` +
      'It keeps its pair; somebody may still read it. Delete it when nobody does.';
    tell(context, regarding(world), { type: 'Warning', reason: 'SecretReleased', action: 'Release', note });
  },

  bridged(context: CertificateContext, world: Living): void {
    const note = `Secret ${world.secretName} holds a temporary self-signed pair until a certificate can be had.`;
    tell(context, regarding(world), {
      type: 'Normal',
      reason: 'TemporaryCertificate',
      action: 'Bridge',
      note,
    });
  },

  adopted(context: CertificateContext, world: Living, id: string | undefined): void {
    const holds = id === undefined ? 'It holds no good pair.' : `It holds certificate ${id}.`;
    const note = `Secret ${world.secretName} was taken over and is kept from now on. ${holds}`;
    tell(context, regarding(world), { type: 'Normal', reason: 'SecretAdopted', action: 'Adopt', note });
  },

  trouble(context: CertificateContext, world: Living, reason: string, note: string): void {
    const type = reason === 'Suspended' || reason === 'Held' ? 'Normal' : 'Warning';
    tell(context, regarding(world), { type, reason, action: 'Issue', note });
  },

  outlivesRoot(context: CertificateContext, world: Living, outlives: string): void {
    const note = `Certificate in Secret ${world.secretName}: ${outlives}`;
    tell(context, regarding(world), { type: 'Warning', reason: 'OutlivesRoot', action: 'Verify', note });
  },

  revoked(context: CertificateContext, pending: Pending, id: string): void {
    const note = `Certificate ${id} was issued for an OriginCertificate that changed or went meanwhile; it was revoked.`;
    tell(context, regardingPending(pending), { type: 'Normal', reason: 'Revoked', action: 'Revoke', note });
  },

  /** One that the present certificate replaced. */
  revokedReplaced(context: CertificateContext, world: Living, id: string, why: string): void {
    const note = `Certificate ${id}, which was replaced, was revoked (${why}).`;
    tell(context, regarding(world), { type: 'Normal', reason: 'Revoked', action: 'Revoke', note });
  },

  /** One that was issued twice. */
  revokedTwin(context: CertificateContext, world: Living, id: string, of: string): void {
    const note =
      `Certificate ${id} was issued for the key of certificate ${of}: an answer of Cloudflare was lost and it was asked ` +
      'again. Nothing uses it; it was revoked.';
    tell(context, regarding(world), { type: 'Normal', reason: 'Revoked', action: 'Revoke', note });
  },

  notRevoked(context: CertificateContext, world: Living, id: string, why: string): void {
    const note = `Certificate ${id}, which was replaced and is to be revoked, is not: ${why}.`;
    tell(context, regarding(world), { type: 'Warning', reason: 'NotRevoked', action: 'Revoke', note });
  },

  abandoned(context: CertificateContext, pending: Pending, why: string): void {
    const names = pending.need?.hostnames.join(', ') ?? 'unknown hostnames';
    const note =
      `A certificate for ${names} that may have been issued could not be looked for or revoked: ${why}. ` +
      'Look for it in the Cloudflare dashboard (SSL/TLS, Origin Server) and revoke it there.';
    tell(context, regardingPending(pending), {
      type: 'Warning',
      reason: 'RevocationAbandoned',
      action: 'Revoke',
      note,
    });
  },
} as const;

interface Told {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

function tell({ events, log }: CertificateContext, object: Regarding, told: Told): void {
  events.record(object, told);
  const line = { certificate: `${object.namespace ?? ''}/${object.name}`, reason: told.reason };
  if (told.type === 'Warning') log.warn(line, told.note);
  else log.info(line, told.note);
}

function regarding({ certificate: { metadata } }: Living): Regarding {
  const { namespace, name, uid } = metadata;
  return { apiVersion: API_VERSION, kind: 'OriginCertificate', namespace, name, uid };
}

function regardingPending({ namespace, certificateName, certificateUid }: Pending): Regarding {
  return {
    apiVersion: API_VERSION,
    kind: 'OriginCertificate',
    namespace,
    name: certificateName,
    uid: certificateUid,
  };
}
