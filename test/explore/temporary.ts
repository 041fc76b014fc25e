import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import { isTemporaryId } from './paper.ts';
import { isPending, issuedPairOf, noteOf, temporaryPairOf } from './secrets.ts';
import type { CloudflareCall } from './calls.ts';
import type { Objects, State } from './state.ts';

/** The promises about temporary pairs; each function says which one is broken, or nothing. */

/** What the operator's writes may do with them. */
export function brokenByTemporary(before: State, after: State): string | undefined {
  for (const [name, secret] of Object.entries(after.api.secrets)) {
    const was = before.api.secrets[name];
    if (was === secret) continue;
    const noted = [noteOf(secret, 'previousCertificateId'), noteOf(secret, 'replaces')].find(isTemporaryId);
    if (noted !== undefined)
      return `Secret ${name} names temporary certificate ${noted} as one to be replaced`;
    const pair = temporaryPairOf(secret);
    if (pair === undefined || temporaryPairOf(was)?.id === pair.id) continue;
    if (isPending(secret)) return `Secret ${name}, which keeps an issuance, holds a temporary pair`;
    const issued = issuedPairOf(was);
    if (issued) return `Secret ${name} is given a temporary pair in the place of certificate ${issued.id}`;
    if (!before.users.bridged.includes(noteOf(secret, 'certificate')))
      return `Secret ${name} is given a temporary pair that nobody asks for`;
  }
  for (const { metadata, status } of Object.values(after.api.certificates)) {
    const ids = [status?.certificate, ...(status?.superseded ?? []), ...(status?.issued ?? [])];
    if (ids.some((each) => isTemporaryId(each?.id ?? '')))
      return `the status of ${metadata.name} tells of a temporary certificate as of one that was issued`;
  }
  return undefined;
}

/** Cloudflare never heard of them. */
export function brokenByAsking(call: CloudflareCall): string | undefined {
  return 'id' in call && isTemporaryId(call.id)
    ? `Cloudflare is asked to ${call.verb} temporary certificate ${call.id}`
    : undefined;
}

/** What an object may say and have that cannot have a certificate. */
export function brokenWithoutIssuer(api: Objects, certificate: OriginCertificate): string | undefined {
  const { metadata, spec, status } = certificate;
  const isReady = status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True');
  if (isReady && temporaryPairOf(api.secrets[spec.secretName]))
    return `the status of ${metadata.name} says Ready with a temporary pair`;
  return lacksTemporary(api, certificate)
    ? `${metadata.name} asks for a temporary pair, and Secret ${spec.secretName} holds none for its hostnames`
    : undefined;
}

/** Whether the object asks for one and has neither that nor anything else that must not be touched. */
export function lacksTemporary({ secrets }: Objects, { spec }: OriginCertificate): boolean {
  const target = secrets[spec.secretName];
  if (!spec.temporaryCertificate || target === undefined) return spec.temporaryCertificate ?? false;
  const pair = temporaryPairOf(target);
  return pair !== undefined && pair.hostnames.toSorted().join() !== spec.hostnames.toSorted().join();
}
