import type { X509Certificate } from 'node:crypto';
import { ANNOTATION, FIELD_MANAGER, MANAGED_LABEL, SECRET_KEY } from './api/names.ts';
import { fieldOf, parseJson } from './api/json.ts';
import { isObjectName, type OwnerReference, type Secret, withoutLastApplied } from './kube/object.ts';
import { inspectPair, type PairFacts } from './pki/inspect.ts';
import { privateKeyDigest } from './pki/keys.ts';

/**
 * A Secret as the rest of the operator sees it, cached or read live: everything that decisions need, and no
 * key. Only `act` ever holds the Secret itself.
 */
export interface SecretFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** By the API server's clock, ms since the epoch; undefined where it does not say. */
  readonly createdAt?: number | undefined;
  readonly type: string;
  readonly immutable: boolean;
  /** It is deleted, and a finalizer of somebody holds it. */
  readonly deleting: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly owners: readonly OwnerReference[];
  /** Keys that the certificate controller's server-side apply owns: leaving one out of the next apply removes it. */
  readonly owned: {
    readonly labels: readonly string[];
    readonly annotations: readonly string[];
    readonly data: readonly string[];
    /** uids of owner references. */
    readonly owners: readonly string[];
  };
  /** The field manager that last wrote the pair, or else the Secret: who to ask when it keeps changing. */
  readonly lastWriter: string;
  readonly pair: PairFacts;
  readonly outputs: { readonly combinedPem: OutputState; readonly caBundle: OutputState };
  /** Digest of the public half of `tls.key`, also where the pair does not match. */
  readonly keyDigest: string | undefined;
  readonly hasCsr: boolean;
}

/** Whether an additional output is there and holds what it should. */
export type OutputState = 'absent' | 'current' | 'stale';

/** What the facts are judged against: the trusted Origin CA roots, parsed and as the PEM text written to `ca.crt`. */
export interface TrustedRoots {
  readonly certificates: readonly X509Certificate[];
  readonly pem: string;
  /** Secrets judged of late. Absent: each is judged anew. */
  readonly recent?: RecentFacts;
}

/** A write is seen again by the watch and by the next live read, soon; a thousand at once are a busy start. */
const RECENT = 1000;

/** Facts by uid and resourceVersion, which stand for one state of one Secret for ever. Holds no key. */
export class RecentFacts {
  readonly #facts = new Map<string, SecretFacts>();

  /** What is known of this state, else what `judge` finds. */
  of({ metadata: { uid, resourceVersion } }: Secret, judge: () => SecretFacts): SecretFacts {
    if (!uid || !resourceVersion) return judge();
    const state = `${uid} ${resourceVersion}`;
    const known = this.#facts.get(state);
    if (known !== undefined) return known;
    const facts = judge();
    this.#facts.set(state, facts);
    const [oldest] = this.#facts.keys();
    if (this.#facts.size > RECENT && oldest !== undefined) this.#facts.delete(oldest);
    return facts;
  }
}

/** Parsing and checking a pair takes a millisecond. */
export function secretFacts(secret: Secret, roots: TrustedRoots): SecretFacts {
  return roots.recent ? roots.recent.of(secret, () => judged(secret, roots)) : judged(secret, roots);
}

function judged(secret: Secret, roots: TrustedRoots): SecretFacts {
  const { metadata } = secret;
  const text = (key: string): string | undefined => decode(secret.data?.[key]);
  const certificate = text(SECRET_KEY.certificate);
  const privateKey = text(SECRET_KEY.privateKey);
  const pair = inspectPair(certificate, privateKey, roots.certificates);
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || undefined,
    type: secret.type ?? 'Opaque',
    immutable: secret.immutable ?? false,
    deleting: metadata.deletionTimestamp !== undefined,
    labels: metadata.labels ?? {},
    annotations: withoutLastApplied(metadata.annotations ?? {}),
    owners: metadata.ownerReferences ?? [],
    owned: ownedKeys(secret),
    lastWriter: lastWriter(secret),
    pair,
    outputs: {
      combinedPem: outputState(
        text(SECRET_KEY.combinedPem),
        combinedPem(certificate ?? '', privateKey ?? ''),
      ),
      caBundle: outputState(text(SECRET_KEY.caBundle), roots.pem),
    },
    keyDigest:
      pair.state === 'Matching' ? pair.certificate.publicKeyDigest : privateKeyDigest(privateKey ?? ''),
    hasCsr: (text(SECRET_KEY.csr) ?? '') !== '',
  };
}

/** Certificate and key in one file, certificate first: what HAProxy and others read. */
export function combinedPem(certificate: string, privateKey: string): string {
  return `${certificate.trimEnd()}\n${privateKey.trimEnd()}\n`;
}

export function decode(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('utf8');
}

export function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** Whether the Secret bears the label by which the operator's watch selects it. */
export function isLabelled(facts: SecretFacts, value: string): boolean {
  return facts.labels[MANAGED_LABEL] === value;
}

/** The name of the OriginCertificate that keeps this Secret, or undefined where it is not one of ours. */
export function keeperOf(facts: SecretFacts): string | undefined {
  const name = facts.annotations[ANNOTATION.certificate] ?? '';
  return isObjectName(name) ? name : undefined;
}

function outputState(found: string | undefined, wanted: string): OutputState {
  if (found === undefined) return 'absent';
  return found === wanted ? 'current' : 'stale';
}

interface FieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly time?: string;
  readonly fieldsV1?: object;
}

function managedFields(secret: Secret): readonly FieldsEntry[] {
  return secret.metadata.managedFields ?? [];
}

function ownedKeys(secret: Secret): SecretFacts['owned'] {
  const entry = managedFields(secret).find(
    ({ manager, operation }) => manager === FIELD_MANAGER.certificate && operation === 'Apply',
  );
  const metadata = child(entry?.fieldsV1, 'f:metadata');
  return {
    labels: keysOf(child(metadata, 'f:labels')),
    annotations: keysOf(child(metadata, 'f:annotations')),
    data: keysOf(child(entry?.fieldsV1, 'f:data')),
    owners: Object.keys(child(metadata, 'f:ownerReferences') ?? {}).flatMap((key) => uidIn(key) ?? []),
  };
}

/** A list entry stands under `k:` and its key in JSON, here `{"uid":"…"}`. */
function uidIn(key: string): string | undefined {
  const uid = key.startsWith('k:') ? fieldOf(parseJson(key.slice(2)), 'uid') : undefined;
  return typeof uid === 'string' ? uid : undefined;
}

/**
 * Our own forced write takes the pair away from whoever owned it, so somebody else who owns it wrote it after us. Times
 * alone do not tell: they are in whole seconds.
 */
function lastWriter(secret: Secret): string {
  const newestFirst = managedFields(secret).toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''));
  const intruder = newestFirst.find(({ manager, fieldsV1 }) => {
    const keys = keysOf(child(fieldsV1, 'f:data'));
    const ownsPair = keys.includes(SECRET_KEY.certificate) || keys.includes(SECRET_KEY.privateKey);
    return ownsPair && manager !== FIELD_MANAGER.certificate;
  });
  return (intruder ?? newestFirst[0])?.manager ?? 'unknown';
}

/** fieldsV1 is a tree of objects whose keys are `f:<name>`; `.` marks the map itself. */
function child(tree: object | undefined, key: string): object | undefined {
  const value: unknown = Object.entries(tree ?? {}).find(([name]) => name === key)?.[1];
  return typeof value === 'object' && value !== null ? value : undefined;
}

function keysOf(tree: object | undefined): string[] {
  return Object.keys(tree ?? {})
    .filter((key) => key.startsWith('f:'))
    .map((key) => key.slice(2));
}
