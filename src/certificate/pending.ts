import {
  ANNOTATION,
  MANAGED,
  MANAGED_LABEL,
  PENDING_SECRET_PREFIX,
  PENDING_SECRET_TYPE,
  SECRET_KEY,
  VELERO_EXCLUDE_LABEL,
} from '../api/names.ts';
import { fieldOf, parseJson } from '../api/json.ts';
import { isObjectName, type Secret } from '../kube/object.ts';
import type { CertificateFacts } from '../pki/inspect.ts';
import { encode, type SecretFacts } from '../secret-facts.ts';
import {
  formatNeed,
  type IssuanceNeed,
  type IssuerRef,
  type Need,
  parseNeed,
  readIssuerRef,
} from './need.ts';
import type { Requests } from './record.ts';

/**
 * An issuance that is not finished. Its Secret holds the key before anything is asked of Cloudflare, so that
 * whatever the answer becomes, the certificate it stands for can be found, used or revoked.
 */
export interface Pending {
  readonly namespace: string;
  readonly name: string;
  /** uid and resourceVersion of the pending Secret: preconditions of every change and of its deletion. */
  readonly uid: string;
  readonly resourceVersion: string;
  readonly certificateName: string;
  readonly certificateUid: string;
  /** Digest of the public half of the key; undefined when somebody overwrote the key. */
  readonly keyDigest: string | undefined;
  readonly hasCsr: boolean;
  readonly need: Need | undefined;
  readonly issuer: (IssuerRef & { readonly uid: string }) | undefined;
  readonly requests: Requests;
  /** Id of the certificate that the target held when this issuance began; empty for none. */
  readonly replaces: string;
  /** Non-empty: a POST may be out. */
  readonly postedAt: string;
  /**
   * The Secret is younger than its POST: it came out of a backup or another cluster, and whoever had it first may have
   * finished the issuance long ago.
   */
  readonly isCopy: boolean;
  /** Ids noted for revocation; once there is one, this issuance can only be settled. */
  readonly revoke: readonly string[];
  /** A certificate for this key, already obtained, that could not be written to the target yet. */
  readonly parked: CertificateFacts | undefined;
}

/** A serial number has 20 bytes at most. */
const SERIAL = /^\d{1,49}$/;
/** More than ever bear one key. Every one costs a request, and whoever may write Secrets can plant a list of them. */
const MAX_REVOKED = 20;

export function isPendingSecret(facts: SecretFacts): boolean {
  return facts.type === PENDING_SECRET_TYPE;
}

export function pendingName(certificateUid: string): string {
  return `${PENDING_SECRET_PREFIX}${certificateUid}`;
}

/** Far more than clocks may differ: the Secret is made in the moment before the first POST. */
const COPY_AGE_MS = 3_600_000;

export function readPending(facts: SecretFacts): Pending {
  const note = (name: string): string => facts.annotations[name] ?? '';
  return {
    namespace: facts.namespace,
    name: facts.name,
    uid: facts.uid,
    resourceVersion: facts.resourceVersion,
    certificateName: nameIn(note(ANNOTATION.certificate)),
    certificateUid: nameIn(note(ANNOTATION.certificateUid)),
    keyDigest: facts.keyDigest,
    hasCsr: facts.hasCsr,
    need: parseNeed(facts.annotations[ANNOTATION.need]),
    issuer: readIssuer(note(ANNOTATION.issuer)),
    requests: { renew: note(ANNOTATION.renewRequest), rekey: note(ANNOTATION.rekeyRequest) },
    replaces: note(ANNOTATION.replaces),
    postedAt: note(ANNOTATION.postedAt),
    isCopy:
      facts.createdAt !== undefined && Date.parse(note(ANNOTATION.postedAt)) < facts.createdAt - COPY_AGE_MS,
    revoke: note(ANNOTATION.revoke)
      .split(',')
      .filter((id) => SERIAL.test(id))
      .slice(0, MAX_REVOKED),
    parked: facts.pair.state === 'Matching' ? facts.pair.certificate : undefined,
  };
}

export interface NewPending {
  readonly namespace: string;
  readonly certificateName: string;
  readonly certificateUid: string;
  readonly privateKeyPem: string;
  readonly csr: string;
  readonly need: IssuanceNeed;
  readonly issuerUid: string;
  readonly requests: Requests;
  readonly replaces: string;
  readonly postedAt: string;
}

/**
 * The Secret to create. It has no owner reference: when the OriginCertificate is deleted, the garbage collector
 * would take the key away before the certificate that a POST may have left behind is found.
 */
export function pendingSecret(pending: NewPending): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: pendingName(pending.certificateUid),
      namespace: pending.namespace,
      labels: { [MANAGED_LABEL]: MANAGED.pending, [VELERO_EXCLUDE_LABEL]: 'true' },
      annotations: {
        [ANNOTATION.certificate]: pending.certificateName,
        [ANNOTATION.certificateUid]: pending.certificateUid,
        [ANNOTATION.need]: formatNeed(pending.need),
        [ANNOTATION.issuer]: JSON.stringify({ ...pending.need.issuer, uid: pending.issuerUid }),
        [ANNOTATION.renewRequest]: pending.requests.renew,
        [ANNOTATION.rekeyRequest]: pending.requests.rekey,
        [ANNOTATION.replaces]: pending.replaces,
        [ANNOTATION.postedAt]: pending.postedAt,
        [ANNOTATION.revoke]: '',
      },
    },
    type: PENDING_SECRET_TYPE,
    data: { [SECRET_KEY.privateKey]: encode(pending.privateKeyPem), [SECRET_KEY.csr]: encode(pending.csr) },
  };
}

/** A change of a pending Secret, as a merge patch that applies to `pending` as it was read and to nothing else. */
export function pendingPatch(
  pending: Pending,
  change: { postedAt?: string; revoke?: readonly string[]; certificatePem?: string },
): object {
  return {
    metadata: {
      uid: pending.uid,
      resourceVersion: pending.resourceVersion,
      annotations: {
        ...(change.postedAt !== undefined && { [ANNOTATION.postedAt]: change.postedAt }),
        ...(change.revoke !== undefined && { [ANNOTATION.revoke]: change.revoke.join(',') }),
      },
    },
    ...(change.certificatePem !== undefined && {
      data: { [SECRET_KEY.certificate]: encode(change.certificatePem) },
    }),
  };
}

/** What is to be called by name in events and log lines; empty where it cannot be a name. */
function nameIn(text: string): string {
  return isObjectName(text) ? text : '';
}

function readIssuer(text: string): Pending['issuer'] {
  const value = parseJson(text);
  const ref = readIssuerRef(value);
  const uid = fieldOf(value, 'uid');
  return ref && { ...ref, uid: typeof uid === 'string' ? uid : '' };
}
