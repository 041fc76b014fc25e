/** Names that this operator puts on objects. Part of the interface: changing one orphans what is stored. */

export const GROUP = 'originca.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Server-side apply owners, one per controller: two writers under one name erase each other's conditions. */
export const FIELD_MANAGER = {
  certificate: 'originca-certificate',
  issuer: 'originca-issuer',
  zone: 'originca-zone',
} as const;

/** Selects the Secrets that the operator watches. It only wakes: a Secret is ours by `ANNOTATION.certificate`. */
export const MANAGED_LABEL = `${GROUP}/managed`;
export const MANAGED = {
  /** A target Secret of a living OriginCertificate. */
  target: 'true',
  /** A pending Secret: an issuance that is not finished. */
  pending: 'pending',
  /** A former target, left with its pair after `secretName` changed. */
  released: 'released',
} as const;

/** Backups must not carry a pending Secret: restored later, its key names an issuance long finished. */
export const VELERO_EXCLUDE_LABEL = 'velero.io/exclude-from-backup';

/** Holds the CA and the client certificate of a zone's Authenticated Origin Pulls, in the operator's namespace. */
export const ORIGIN_PULL_SECRET_TYPE = `${GROUP}/origin-pull`;
export const ORIGIN_PULL_SECRET_SUFFIX = '-origin-pull';

export const PENDING_SECRET_TYPE = `${GROUP}/pending`;
export const PENDING_SECRET_PREFIX = 'originca-pending-';

/** On an OriginCertificate while its deletion has something to revoke. */
export const FINALIZER = `${GROUP}/revoke`;

export const ANNOTATION = {
  /** On a target: the OriginCertificate's name. This, not the label and not a uid, makes the Secret ours. */
  certificate: `${GROUP}/certificate`,
  certificateId: `${GROUP}/certificate-id`,
  previousCertificateId: `${GROUP}/previous-certificate-id`,
  revision: `${GROUP}/revision`,
  /** uid of the object the certificate was issued for: only that object may have it revoked. */
  issuedFor: `${GROUP}/issued-for`,
  handledRenewRequest: `${GROUP}/handled-renew-request`,
  handledRekeyRequest: `${GROUP}/handled-rekey-request`,
  need: `${GROUP}/need`,
  /** On a target that was there before us (`existingSecret: Adopt`): `true`. It never gets an owner reference. */
  adopted: `${GROUP}/adopted`,

  /** On a pending Secret. */
  certificateUid: `${GROUP}/certificate-uid`,
  issuer: `${GROUP}/issuer`,
  renewRequest: `${GROUP}/renew-request`,
  rekeyRequest: `${GROUP}/rekey-request`,
  replaces: `${GROUP}/replaces`,
  postedAt: `${GROUP}/posted-at`,
  revoke: `${GROUP}/revoke`,

  /** On an OriginCertificate, set by people. */
  renewRequestedAt: `${GROUP}/renew-requested-at`,
  /** As above, for a key that leaked: the certificate that is replaced is revoked. */
  rekeyRequestedAt: `${GROUP}/rekey-requested-at`,

  /** On an OriginCertificate or OriginZone, set by people: an RFC 3339 time until which nothing is changed outside its status. */
  holdUntil: `${GROUP}/hold-until`,

  /** On what an OriginZone keeps: its name. This makes a published CA or an origin-pull Secret ours. */
  originZone: `${GROUP}/origin-zone`,
  /** On an origin-pull Secret: since when Cloudflare presents the zone's client certificate (RFC 3339). */
  presentingSince: `${GROUP}/presenting-since`,
} as const;

/** Data keys of the Secrets. */
export const SECRET_KEY = {
  certificate: 'tls.crt',
  privateKey: 'tls.key',
  csr: 'tls.csr',
  combinedPem: 'tls-combined.pem',
  caBundle: 'ca.crt',
} as const;
