/** The requests that this client makes; also the label in metrics. */
export type Operation =
  | 'create_certificate'
  | 'list_certificates'
  | 'get_certificate'
  | 'revoke_certificate'
  | 'list_zones'
  | 'verify_token';

export const OPERATIONS: readonly Operation[] = [
  'create_certificate',
  'list_certificates',
  'get_certificate',
  'revoke_certificate',
  'list_zones',
  'verify_token',
];

const PHRASES: Readonly<Record<Operation, string>> = {
  create_certificate: 'creating a certificate',
  list_certificates: "listing a zone's certificates",
  get_certificate: 'reading a certificate',
  revoke_certificate: 'revoking a certificate',
  list_zones: 'listing zones',
  verify_token: 'verifying the token',
};

/** What the operation does, to be put after "while". */
export function phraseOf(operation: Operation): string {
  return PHRASES[operation];
}
