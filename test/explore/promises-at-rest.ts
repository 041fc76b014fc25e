import { MANAGED_LABEL } from '../../src/api/names.ts';
import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import { ISSUERS } from './context.ts';
import { HAND_MADE_ID } from './hand-made.ts';
import { isLeaving } from './leaving.ts';
import { isParked, isSaid, refusalOf } from './refusal.ts';
import { carriedBy, isPending, isSatisfied, keyOf, pairOf, servingSecrets } from './secrets.ts';
import type { State } from './state.ts';
import { brokenWithoutIssuer } from './temporary.ts';

/** A certificate is renewed when a third of its ninety days is left. */
const DUE_MS = 28 * 86_400_000;

/**
 * Which promise is broken now that nothing is under way and nothing left to do: every object has what it asks for or
 * says why not, nothing is left over in the cluster or at Cloudflare, and no more was issued than was needed.
 */
export function brokenAtRest(state: State): string | undefined {
  const objects = Object.values(state.api.certificates).map((each) => brokenObject(state, each));
  return (
    objects.find((broken) => broken !== undefined) ??
    brokenByLeftover(state) ??
    brokenByStray(state) ??
    brokenByLeak(state) ??
    brokenBySurplus(state)
  );
}

function brokenObject({ now, api, cloudflare }: State, certificate: OriginCertificate): string | undefined {
  const { metadata, spec, status } = certificate;
  const target = api.secrets[spec.secretName];
  if (isLeaving(certificate)) return `${metadata.name} is deleted and does not go`;
  const refusal = refusalOf(api, certificate);
  if (refusal !== undefined && !isSaid(certificate, refusal))
    return `the status of ${metadata.name} does not say ${refusal}`;
  if (refusal === 'IssuerNotFound') return brokenWithoutIssuer(api, certificate);
  if (refusal !== undefined) return undefined;
  if (!isSatisfied(certificate, target))
    return `Secret ${spec.secretName} does not hold what ${metadata.name} asks for`;
  const { id = '', notAfter = 0 } = pairOf(target) ?? {};
  if (notAfter < now + DUE_MS) return `Secret ${spec.secretName} holds a pair that is due`;
  if (cloudflare.stored.some((stored) => stored.id === id && stored.revoked))
    return `Secret ${spec.secretName} holds certificate ${id}, which is revoked`;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  if (ready !== 'True' || status?.certificate?.id !== id)
    return `the status of ${metadata.name} does not say Ready with certificate ${id}`;
  return undefined;
}

function brokenByLeftover({ api }: State): string | undefined {
  const left = Object.values(api.secrets).find((secret) => isPending(secret) && !isParked(api, secret));
  return left && `Secret ${left.metadata.name ?? ''} is left over`;
}

/** A certificate that is valid and that nobody could find again. */
function brokenByStray(state: State): string | undefined {
  const { api, cloudflare, users } = state;
  const known = new Set([...users.letGo, HAND_MADE_ID, ...toldBy(state)]);
  for (const secret of Object.values(api.secrets)) known.add(carriedBy(secret)?.id ?? '');
  const keys = new Set([...users.lostKeys, ...Object.values(api.secrets).map((secret) => keyOf(secret))]);
  const stray = cloudflare.stored.find(
    ({ id, key, revoked }) => !revoked && !known.has(id) && !keys.has(key),
  );
  return stray === undefined || mayBeGivenUp(state)
    ? undefined
    : `certificate ${stray.id} (key ${stray.key}) is a stray: not revoked, and nobody has or keeps it`;
}

/** Ids that a status names as replaced, and that are not to be revoked or cannot be. */
function toldBy({ api, users }: State): string[] {
  return Object.values(api.certificates).flatMap(({ status, spec }) => {
    const isRevocable = api.issuers.includes(spec.issuerRef.name);
    const ids = (status?.superseded ?? []).map(({ id }) => id);
    return ids.filter((id) => !isRevocable || (!users.asks.superseded && !users.leaked.includes(id)));
  });
}

/** A leaked certificate outlives only an object that went, or one that cannot have another; and where nobody finds it. */
function brokenByLeak(state: State): string | undefined {
  const { api, cloudflare, users } = state;
  const isRefused = Object.values(api.certificates).some((each) => refusalOf(api, each) !== undefined);
  if (users.hasDeleted || isRefused || mayBeGivenUp(state)) return undefined;
  const hidden = servingSecrets(api)
    .filter(({ metadata }) => metadata.labels?.[MANAGED_LABEL] === undefined)
    .map((secret) => carriedBy(secret)?.id ?? '');
  const excepted = new Set([...users.letGo, ...hidden, HAND_MADE_ID]);
  const leaked = cloudflare.stored.find(
    ({ id, revoked }) => !revoked && users.leaked.includes(id) && !excepted.has(id),
  );
  return leaked && `certificate ${leaked.id}, whose key leaked, is not revoked`;
}

/** With its issuer gone, and its object too or left without another, nobody can look for it: it is given up, and counted. */
function mayBeGivenUp({ api, users }: State): boolean {
  const isWithout = Object.values(api.certificates).some(
    ({ spec }) => !api.issuers.includes(spec.issuerRef.name),
  );
  return api.issuers.length < ISSUERS.length && (users.hasDeleted || isWithout);
}

/** Two that both believe to lead may each see a need: what counts is that all but one are revoked. */
function brokenBySurplus({ cloudflare, users, processes }: State): string | undefined {
  const { length } = cloudflare.stored;
  return processes.length === 1 && length > users.needs
    ? `${length} certificates were issued for ${users.needs} needs`
    : undefined;
}
