import { ANNOTATION } from '../../src/api/names.ts';
import { deleted, deletedWithNamespace } from './deletion.ts';
import {
  dropped,
  garbled,
  REFUSED_MS,
  restored,
  revoked,
  theirs,
  unlabelled,
  withoutCloudflare,
  withoutTheirs,
} from './mishaps.ts';
import type { State } from './state.ts';
import {
  asking,
  bridging,
  changed,
  created,
  HOSTNAMES,
  leaking,
  next,
  otherIssuer,
  renamed,
  withoutIssuer,
} from './wishes.ts';

/** What a person does, by a name that traces show. */
export interface Deed {
  readonly label: string;
  readonly state: State;
}

/** What people can do, in the words of traces. */
export type DeedName = (typeof DEEDS)[number] | (typeof RARE_DEEDS)[number];
/** Done only in worlds that name them. */
const RARE_DEEDS = [
  'delete object only',
  'delete namespace',
  'delete issuer',
  'Cloudflare goes away',
  'forbid Secrets',
  'overwrite Secret',
  'switch temporary pair',
] as const;
/** Done in every world that names none. */
export const DEEDS = [
  'edit hostnames',
  'change issuer',
  'replace issuer',
  'rename Secret',
  'ask for renewal',
  'ask for rekey',
  'delete object',
  'create object',
  'delete Secret',
  'restore Secret',
  'take label off Secret',
  'revoke at Cloudflare',
  'put own Secret',
  'take own Secret away',
] as const;

/** All that a person can do now to the certificate of that name. */
export function deeds(state: State, name: string, allowed: readonly DeedName[]): Deed[] {
  return allowed.flatMap((label) => {
    const done = deed(state, name, label);
    return done ? [{ label: `user: ${label} of ${name}`, state: done }] : [];
  });
}

function deed(state: State, name: string, label: DeedName): State | undefined {
  const certificate = state.api.certificates[name];
  if (label === 'create object')
    return certificate || state.api.isTerminating ? undefined : created(state, name);
  if (label === 'restore Secret') return restored(state);
  if (label === 'revoke at Cloudflare') return revoked(state);
  if (label === 'Cloudflare goes away') return withoutCloudflare(state);
  if (label === 'forbid Secrets') return { ...state, refusedUntil: state.now + REFUSED_MS };
  if (!certificate) return undefined;
  const { spec } = certificate;
  switch (label) {
    case 'edit hostnames':
      return changed(state, certificate, { hostnames: [...next(HOSTNAMES, spec.hostnames)] }, 1);
    case 'change issuer':
      return otherIssuer(state, certificate);
    case 'replace issuer':
      return otherIssuer(state, certificate, { andDelete: true });
    case 'rename Secret':
      return renamed(state, certificate);
    case 'ask for renewal':
      return asking(state, certificate, ANNOTATION.renewRequestedAt);
    case 'ask for rekey':
      return leaking(asking(state, certificate, ANNOTATION.rekeyRequestedAt), certificate);
    case 'delete object':
      return deleted(state, certificate);
    case 'delete object only':
      return deleted(state, certificate, { cascade: false });
    case 'delete namespace':
      return deletedWithNamespace(state, certificate);
    case 'delete issuer':
      return withoutIssuer(state, spec.issuerRef.name);
    case 'delete Secret':
      return dropped(state, spec.secretName);
    case 'overwrite Secret':
      return garbled(state, spec.secretName);
    case 'switch temporary pair':
      return bridging(state, certificate);
    case 'take label off Secret':
      return unlabelled(state, spec.secretName);
    case 'put own Secret':
      return theirs(state, spec.secretName);
    case 'take own Secret away':
      return withoutTheirs(state, spec.secretName);
  }
}
