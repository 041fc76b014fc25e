/** Cloudflare's error codes: the text it sends, and the HTTP status where nothing else is configured. */
interface ErrorKind {
  readonly message: string;
  readonly status: number;
}

/**
 * The status of each Origin CA code is not documented: these are reported or inferred, and the setting
 * `statuses` replaces them.
 */
const ERRORS: Readonly<Record<number, ErrorKind>> = {
  971: { message: 'Please wait and consider throttling your request speed', status: 429 },
  1000: { message: 'API errors encountered.', status: 400 },
  1001: { message: 'Request had no Authorization header.', status: 400 },
  1002: { message: 'Unsupported request_type.', status: 400 },
  1003: { message: 'Failed to read contents of HTTP request.', status: 400 },
  1004: { message: 'Failed to parse request JSON.', status: 400 },
  1005: {
    message: 'Too many hostnames requested - you may only request up to 100 per certificate.',
    status: 400,
  },
  1006: {
    message:
      'One or more hostnames were duplicated in the request and have been removed prior to certificate generation.',
    status: 400,
  },
  1007: { message: 'CSR parsed as empty.', status: 400 },
  1008: { message: 'Error creating request to CA.', status: 500 },
  1009: {
    message:
      "Permitted values for the 'requested_validity' parameter (specified in days) are: 7, 30, 90, 365, 730, 1095, and 5475 (default).",
    status: 400,
  },
  1010: {
    message:
      'Failed to validate requested hostname: This zone is either not part of your account, or you do not have access to it. Please contact support if using a multi-user organization.',
    status: 400,
  },
  1011: { message: 'Failed to parse CSR.', status: 400 },
  1012: {
    message: 'Please provide a zone id when requesting a stored certificate, or fetch by serial number.',
    status: 400,
  },
  1013: {
    message: 'Please provide a certificate serial number when operating on a single certificate.',
    status: 400,
  },
  1014: { message: 'Certificate already revoked.', status: 400 },
  1015: { message: 'Not allowed to edit setting', status: 403 },
  1016: { message: 'User is not authorized to perform this action', status: 403 },
  1100: { message: 'Failed to write certificate to Database.', status: 500 },
  1101: { message: 'Failed to read certificate from Database.', status: 404 },
  1200: { message: 'API Error: Failed to generate CA request.', status: 500 },
  1201: { message: 'CA signing failure. Could not parse returned certificate', status: 500 },
  1300: { message: 'Failed to fetch keyless servers from API.', status: 500 },
  1301: { message: 'The key server did not activate correctly.', status: 500 },
  1302: { message: 'Could not get keyless server port for server', status: 500 },
  1303: { message: 'Invalid hostname', status: 400 },
  // Authenticated Origin Pulls: of these a text or two is known, and no number. Clients judge by the status.
  1401: { message: 'failed to parse certificate', status: 400 },
  1402: { message: 'missing leaf certificate', status: 400 },
  1403: { message: 'failed to parse private key', status: 400 },
  1404: { message: 'private key does not match the leaf certificate', status: 400 },
  1405: { message: 'client certificate not found', status: 404 },
  1406: { message: 'a zone may have at most 10 certificates for hostnames', status: 400 },
  1407: { message: 'a hostname is tied to this certificate: void that first', status: 400 },
  1408: { message: 'invalid request', status: 400 },
  1409: { message: 'no certificate is tied to this hostname', status: 404 },
  1410: { message: 'at most 100 hostnames may be tied to a certificate', status: 400 },
  1450: { message: 'Advanced Certificate Manager is required.', status: 403 },
  6003: { message: 'Invalid request headers', status: 400 },
  7000: { message: 'No route for that URI', status: 404 },
  7003: {
    message: 'Could not route to the requested path, perhaps your object identifier is invalid?',
    status: 404,
  },
  9109: { message: 'Unauthorized to access requested resource', status: 403 },
  10000: { message: 'Authentication error', status: 401 },
  10429: { message: 'Please wait and consider throttling your request speed', status: 429 },
  10502: { message: 'Too many authentication failures', status: 429 },
};

/** One entry of the envelope's `errors` or `messages`. */
export interface Notice {
  readonly code: number;
  readonly message: string;
  readonly type?: null;
  readonly error_chain?: readonly Notice[];
}

/** A refusal that the envelope reports. */
export class ApiError extends Error {
  readonly errors: readonly Notice[];
  /** Whole seconds, for `retry-after`. */
  readonly retryAfter: number | undefined;
  /** The HTTP status, where it is not that of the first code. */
  readonly status: number | undefined;

  constructor(errors: readonly Notice[], options: { retryAfter?: number; status?: number } = {}) {
    super(errors.map(({ code, message }) => `${code} ${message}`).join(', '));
    this.errors = errors;
    this.retryAfter = options.retryAfter;
    this.status = options.status;
  }
}

/** The refusal of a code, with its documented text unless another is given. */
export function apiError(code: number, message = messageOf(code), chain?: readonly Notice[]): ApiError {
  return new ApiError([{ code, message, ...(chain && { error_chain: chain }) }]);
}

/** The text that belongs to a code. */
export function messageOf(code: number): string {
  return ERRORS[code]?.message ?? 'API errors encountered.';
}

/** The HTTP status that belongs to a code. */
export function statusOfCode(code: number | undefined, overrides: Readonly<Record<string, number>>): number {
  if (code === undefined) return 500;
  return overrides[code] ?? ERRORS[code]?.status ?? 400;
}
