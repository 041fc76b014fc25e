import type { Share } from './budget.ts';

/** What is known of each request that the clients make; the key is also the label in metrics. */
const REQUESTS = {
  create_certificate: { phrase: 'creating a certificate', permission: 'SSL and Certificates:Edit' },
  list_certificates: { phrase: "listing a zone's certificates", permission: 'SSL and Certificates:Read' },
  get_certificate: { phrase: 'reading a certificate', permission: 'SSL and Certificates:Read' },
  revoke_certificate: { phrase: 'revoking a certificate', permission: 'SSL and Certificates:Edit' },
  list_zones: { phrase: 'listing zones', permission: 'Zone:Read' },
  verify_token: { phrase: 'verifying the token', permission: 'Zone:Read' },
  find_zones: { phrase: 'looking up the zone', permission: 'Zone:Read' },
  list_records: { phrase: "listing the zone's DNS records", permission: 'DNS:Read' },
  get_setting: { phrase: 'reading a setting of the zone', permission: 'Zone Settings:Read' },
  patch_setting: { phrase: 'changing a setting of the zone', permission: 'Zone Settings:Edit' },
  list_client_certificates: {
    phrase: "listing the zone's client certificates",
    permission: 'SSL and Certificates:Read',
  },
  get_client_certificate: { phrase: 'reading a client certificate', permission: 'SSL and Certificates:Read' },
  upload_client_certificate: {
    phrase: 'uploading a client certificate',
    permission: 'SSL and Certificates:Edit',
  },
  delete_client_certificate: {
    phrase: 'deleting a client certificate',
    permission: 'SSL and Certificates:Edit',
  },
  get_origin_pull_settings: {
    phrase: 'reading whether the zone presents its client certificate',
    permission: 'SSL and Certificates:Read',
  },
  put_origin_pull_settings: {
    phrase: 'changing whether the zone presents its client certificate',
    permission: 'SSL and Certificates:Edit',
  },
} as const;

/** The requests that the clients make; also the label in metrics. */
export type Operation = keyof typeof REQUESTS;

// Object.keys is typed for objects that may have more keys than named.
export const OPERATIONS = Object.keys(REQUESTS) as readonly Operation[];

/** What the operation does, to be put after "while". */
export function phraseOf(operation: Operation): string {
  return REQUESTS[operation].phrase;
}

const ZONE_OPERATIONS: ReadonlySet<Operation> = new Set<Operation>([
  'find_zones',
  'list_records',
  'get_setting',
  'patch_setting',
  'list_client_certificates',
  'get_client_certificate',
  'upload_client_certificate',
  'delete_client_certificate',
  'get_origin_pull_settings',
  'put_origin_pull_settings',
]);

/** Whether it asks about a zone's own things, not the Origin CA: its error codes mean other things. */
export function isAboutZones(operation: Operation): boolean {
  return ZONE_OPERATIONS.has(operation);
}

/** Whether it names one certificate, so that a 404 speaks of that. */
export function isAboutOneCertificate(operation: Operation): boolean {
  return ONE_CERTIFICATE.has(operation);
}

const ONE_CERTIFICATE: ReadonlySet<Operation> = new Set<Operation>([
  'get_certificate',
  'revoke_certificate',
  'get_client_certificate',
  'delete_client_certificate',
]);

/** What a token that is used for this share needs to do all its work. */
export function allPermissions(share: Share): string {
  return share === 'certificates'
    ? 'Zone:Read and SSL and Certificates:Edit'
    : 'Zone:Read, DNS:Read, Zone Settings:Read and SSL and Certificates:Read (with mode Enforce, Edit of the last two)';
}

/** What is missing where Cloudflare refuses the token: an issuer needs all of its few, a zone may do with less. */
export function neededPermissions(operation: Operation, share: Share): string {
  return share === 'certificates' ? allPermissions(share) : REQUESTS[operation].permission;
}
