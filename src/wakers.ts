import { ANNOTATION } from './api/names.ts';
import type { OriginCertificate, OriginZone } from './api/v1alpha1.ts';
import { subjectKey } from './certificate/subject.ts';
import { isPendingSecret } from './certificate/pending.ts';
import type { Issuer } from './issuer/subject.ts';
import { isObjectName, type KubeObject, parseKey } from './kube/object.ts';
import { type IssuerKey, issuerText } from './sessions.ts';
import { keeperOf, type SecretFacts } from './secret-facts.ts';
import type { Stores } from './stores.ts';
import { zoneNameFor, zoneNameOf } from './zone/subject.ts';

/** What the wakers need: queues take keys of anything, at any time, and merge them. */
export interface Queues {
  readonly certificates: { add(key: string): void };
  readonly issuers: { add(key: string): void };
  readonly zones: { add(key: string): void };
}

/** What happened in the caches, turned into keys to look at. */
export interface Wakers {
  readonly certificateChanged: (
    key: string,
    current?: OriginCertificate,
    previous?: OriginCertificate,
  ) => void;
  readonly issuerChanged: (key: IssuerKey, current?: Issuer, previous?: Issuer) => void;
  readonly sessionChanged: (key: IssuerKey) => void;
  readonly secretChanged: (facts: Readonly<SecretFacts>) => void;
  readonly zoneChanged: (name: string, current?: OriginZone, previous?: OriginZone) => void;
  /** What origins serve for these names was seen to have changed; `zone` is the OriginZone's name. */
  readonly originsChanged: (zone: string, hostnames: readonly string[]) => void;
}

/**
 * Who is to look when something changes. Keys only: whoever is woken looks for itself, so a needless wake costs a
 * glance at the caches and a missing one is the only mistake possible here.
 *
 * @param stores called late: the caches tell of changes while they are being made.
 */
export function createWakers(queues: Queues, stores: () => Stores | undefined): Wakers {
  const wakePending = (pending: Readonly<SecretFacts>): void => {
    const { namespace } = pending;
    const name = keeperOf(pending);
    if (name === undefined) return;
    const uid = pending.annotations[ANNOTATION.certificateUid] ?? '';
    if (!isObjectName(uid)) return; // Somebody planted it: nothing of ours lies under such a name.
    const living = stores()?.certificates.get({ namespace, name })?.metadata.uid === uid;
    queues.certificates.add(subjectKey(living ? { namespace, name } : { namespace, name, orphanUid: uid }));
  };
  return {
    certificateChanged(key, current, previous) {
      queues.certificates.add(key);
      const { namespace = '', name } = parseKey(key);
      const kept = stores()?.secretsKeptBy(namespace, name) ?? [];
      for (const facts of kept.filter(isPendingSecret)) wakePending(facts);
      const named = new Set([current?.spec.secretName, previous?.spec.secretName]);
      for (const secretName of isOtherSpec(current, previous) ? named : [])
        if (secretName !== undefined) wakeRivals(queues, stores(), namespace, secretName);
      if (isOtherForZones(current, previous)) wakeZonesOf(queues, stores(), [current, previous]);
    },
    issuerChanged(key, current, previous) {
      queues.issuers.add(issuerText(key));
      if (isOtherSpec(current, previous)) wakeCertificatesOf(queues, stores(), key);
    },
    sessionChanged(key) {
      wakeCertificatesOf(queues, stores(), key);
    },
    secretChanged(facts) {
      if (isPendingSecret(facts)) return wakePending(facts);
      const keeper = keeperOf(facts);
      if (keeper !== undefined) queues.certificates.add(`${facts.namespace}/${keeper}`);
      wakeRivals(queues, stores(), facts.namespace, facts.name);
    },
    zoneChanged(name, current, previous) {
      if (!isOtherZone(current, previous)) return;
      queues.zones.add(name);
      const named = new Set([current, previous].map((zone) => zone && zoneNameOf(zone)));
      for (const other of stores()?.zones.list() ?? [])
        if (named.has(zoneNameOf(other))) queues.zones.add(other.metadata.name);
    },
    originsChanged(zone, hostnames) {
      queues.zones.add(zone);
      // With the wildcards that cover them: thousands of names meet ten thousand certificates.
      const changed = new Set(hostnames.flatMap((hostname) => [hostname, wildcardOver(hostname)]));
      for (const { metadata, spec } of stores()?.certificates.list() ?? []) {
        if (spec.hostnames.some((hostname) => changed.has(hostname)))
          queues.certificates.add(`${metadata.namespace}/${metadata.name}`);
      }
    },
  };
}

/**
 * Whether others read something else in it: not where only its status was written. Of an issuer the session has the
 * verdict, and of a thousand certificates that name one Secret each would wake all by saying that it may not have it.
 */
function isOtherSpec(current: KubeObject | undefined, previous: KubeObject | undefined): boolean {
  const [now, before] = [current?.metadata, previous?.metadata];
  return (
    now?.uid !== before?.uid ||
    now?.generation !== before?.generation ||
    now?.deletionTimestamp !== before?.deletionTimestamp
  );
}

/** Whether an OriginZone asks for something else: not where only its status was written. */
function isOtherZone(current: OriginZone | undefined, previous: OriginZone | undefined): boolean {
  const [now, before] = [current?.metadata, previous?.metadata];
  return (
    now?.uid !== before?.uid ||
    now?.generation !== before?.generation ||
    now?.deletionTimestamp !== before?.deletionTimestamp ||
    now?.annotations?.[ANNOTATION.holdUntil] !== before?.annotations?.[ANNOTATION.holdUntil]
  );
}

/** Whether a zone sees a difference: in the names that it looks after, or in whether the certificate is there. */
function isOtherForZones(
  current: OriginCertificate | undefined,
  previous: OriginCertificate | undefined,
): boolean {
  return (
    current?.metadata.generation !== previous?.metadata.generation || isReady(current) !== isReady(previous)
  );
}

function isReady(certificate: OriginCertificate | undefined): boolean {
  return certificate?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

function wakeZonesOf(
  queues: Queues,
  stores: Stores | undefined,
  certificates: readonly (OriginCertificate | undefined)[],
): void {
  const zones = Map.groupBy(stores?.zones.list() ?? [], zoneNameOf);
  if (zones.size === 0) return;
  const zoneNames = new Set(zones.keys());
  for (const hostname of new Set(certificates.flatMap((certificate) => certificate?.spec.hostnames ?? []))) {
    const named = zones.get(zoneNameFor(hostname, zoneNames) ?? '') ?? [];
    for (const { metadata } of named) queues.zones.add(metadata.name);
  }
}

/** The wildcard of a certificate that covers the name: one label. */
function wildcardOver(hostname: string): string {
  return `*${hostname.slice(hostname.indexOf('.'))}`;
}

function wakeRivals(queues: Queues, stores: Stores | undefined, namespace: string, secretName: string): void {
  for (const { metadata } of stores?.certificatesNaming(namespace, secretName) ?? []) {
    queues.certificates.add(`${metadata.namespace}/${metadata.name}`);
  }
}

function wakeCertificatesOf(queues: Queues, stores: Stores | undefined, key: IssuerKey): void {
  for (const { metadata } of stores?.certificatesOf(key) ?? []) {
    queues.certificates.add(`${metadata.namespace}/${metadata.name}`);
  }
}
