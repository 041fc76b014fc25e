/** The language of the control endpoint: what client.ts sends and control/ takes. Everything is JSON. */
import type { BudgetLimits } from './rules/budget.ts';
import type { PagingMode } from './rules/paging.ts';
import type { DateForm } from './rules/validity.ts';
import type { Permission, TokenStatus } from './world/tokens.ts';
import type { RecordType, SslMode, ZoneStatus } from './world/zones.ts';

export const REQUEST_TYPES = ['origin-rsa', 'origin-ecc', 'keyless-certificate'] as const;
export type RequestType = (typeof REQUEST_TYPES)[number];

/** What a request asks for: faults and the request log go by these names. */
export const OPERATIONS = [
  'createCertificate',
  'listCertificates',
  'getCertificate',
  'revokeCertificate',
  'listZones',
  'getZone',
  'listRecords',
  'getRecord',
  'getSetting',
  'patchSetting',
  'verifyToken',
  'ips',
  'unknown',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Answers to a create that a client must not write into a Secret. */
export const CERTIFICATE_VARIANTS = [
  'otherKey',
  'otherHostnames',
  'otherValidity',
  'otherAlgorithm',
  'expired',
  'notYetValid',
  'ca',
  'unknownRoot',
  'twoBlocks',
  'empty',
  'garbage',
] as const;
export type CertificateVariant = (typeof CERTIFICATE_VARIANTS)[number];

/**
 * What goes wrong with the next requests of an operation. One that sets `status`, `code`, `message`, `html`,
 * `retryAfter`, `successFalse200` or `storedButFails` is a refusal: the effect does not happen, except with
 * `storedButFails`. The others spoil an answer that is otherwise true.
 */
export interface FaultSpec {
  /** `*` for every operation. */
  readonly operation: Operation | '*';
  /** Requests it strikes; default 1, 0 for all until cleared. */
  readonly count?: number;
  /** Requests let through first; default 0. */
  readonly skip?: number;
  /** Strikes only requests of this token. */
  readonly tokenId?: string;
  /** Strikes only creates that ask for this hostname. */
  readonly hostname?: string;
  readonly status?: number;
  readonly code?: number;
  readonly message?: string;
  /** Answers with an HTML page instead of the envelope: true for Cloudflare's own, or the text. */
  readonly html?: boolean | string;
  /** `retry-after` in seconds; with status 429 it is sent by default, `false` leaves it out. */
  readonly retryAfter?: number | false;
  /** HTTP 200 with `success:false`. */
  readonly successFalse200?: boolean;
  /** Does what was asked, then refuses (default: 1100). */
  readonly storedButFails?: boolean;
  /** Simulated milliseconds before the effect. */
  readonly delayMs?: number;
  /** Simulated milliseconds between the effect and the answer. */
  readonly delayAfterMs?: number;
  /** No effect, no answer, the connection stays open. */
  readonly hang?: boolean;
  /** The connection is reset before the effect. */
  readonly resetBefore?: boolean;
  /** The connection is reset after the effect, instead of an answer. */
  readonly resetAfter?: boolean;
  /** The connection is reset in the middle of the body. */
  readonly cutBody?: boolean;
  /** The body ends in the middle of its JSON, in a well-formed HTTP answer. */
  readonly truncateJson?: boolean;
  /** Swells the body to about this many bytes. */
  readonly hugeBytes?: number;
  /** Errors and messages as plain strings instead of objects. */
  readonly messagesAs?: 'strings' | 'objects';
  /** Adds fields that no documentation knows. */
  readonly extraFields?: boolean;
  /** Creates only: answers and stores a certificate that is wrong in this way. */
  readonly certificate?: CertificateVariant;
}

/** How the simulator behaves where the real API is undocumented, slow or configurable. */
export interface Settings {
  /** Simulated milliseconds from a valid create to the moment the certificate is signed and stored. */
  readonly lateSigningMs: number;
  /** Added to lateSigningMs for every hostname. */
  readonly lateSigningPerHostnameMs: number;
  /** Simulated milliseconds until a certificate appears in lists. */
  readonly lateListingMs: number;
  readonly maxPerPage: number;
  readonly paging: PagingMode;
  readonly listOrder: 'newestFirst' | 'oldestFirst';
  readonly listRevoked: boolean;
  readonly listExpired: boolean;
  readonly expiresOnForm: DateForm;
  /** `csr` and `requested_validity` of GET and list. */
  readonly writeOnlyFields: 'omitted' | 'kept' | 'countingDown';
  readonly maxHostnames: number;
  /** Per user or account-owned token. */
  readonly budget: BudgetLimits;
  /** Per address: Cloudflare's is 200 in a second; off by default, because all tests share one address. */
  readonly addressBudget: BudgetLimits;
  /** HTTP status by error code, over the defaults. */
  readonly statuses: Readonly<Record<string, number>>;
  /** What a token without the permission gets; `empty` is an empty zone list. */
  readonly missingPermission: {
    readonly certificates: number;
    readonly zones: number | 'empty';
    readonly others: number;
  };
  /** `X-Auth-User-Service-Key`, whose end of life was 2026-09-30. */
  readonly serviceKeys: 'refused' | 'accepted';
  readonly messagesAs: 'strings' | 'objects';
  readonly edge: EdgeSettings;
}

export interface EdgeSettings {
  /** Real milliseconds until 522. */
  readonly connectTimeoutMs: number;
  /** Real milliseconds until 524. */
  readonly readTimeoutMs: number;
  readonly checksRevocation: boolean;
  /** PEM of roots that strict trusts beside the Origin CA's. */
  readonly publicRoots: string;
}

/** Some settings; `budget`, `addressBudget`, `missingPermission` and `edge` may be given in part. */
export type SettingsChange = Partial<Omit<Settings, NestedSetting>> & {
  readonly [K in NestedSetting]?: Partial<Settings[K]>;
};
export type NestedSetting = 'budget' | 'addressBudget' | 'missingPermission' | 'edge';

export interface ZoneSeed {
  readonly name: string;
  /** Name of its account; default `Example Inc.`. */
  readonly account?: string;
  readonly status?: ZoneStatus;
  readonly paused?: boolean;
  readonly type?: 'full' | 'partial' | 'secondary' | 'internal';
  readonly ssl?: SslMode;
}

export interface ZoneChange {
  readonly id: string;
  readonly status?: ZoneStatus;
  readonly paused?: boolean;
  readonly ssl?: SslMode;
  readonly sslEditable?: boolean;
}

/** Default: an active token of user `user` for every zone, with all that the operator needs. */
export interface TokenSeed {
  readonly value?: string;
  readonly permissions?: readonly Permission[];
  readonly zones?: readonly string[];
  readonly accounts?: readonly string[];
  readonly user?: string;
  /** Name of the account that owns it, or true for the default account. */
  readonly accountOwned?: string | boolean;
  /** Any date that Date parses. */
  readonly expiresOn?: string;
  readonly notBefore?: string;
  readonly status?: TokenStatus;
  readonly allowedIps?: readonly string[];
  readonly apiAccess?: boolean;
}

export interface TokenChange extends Omit<TokenSeed, 'value' | 'user' | 'accountOwned' | 'notBefore'> {
  readonly id: string;
}

export interface RecordSeed {
  readonly zoneId: string;
  readonly name: string;
  readonly type?: RecordType;
  readonly content: string;
  readonly proxied?: boolean;
}

/** Where a record's content leads on this machine; `host:port`, loopback only. */
export interface OriginSeed {
  readonly content: string;
  readonly https?: string;
  readonly http?: string;
  /** A firewall that swallows packets: the edge runs into its connect timeout. */
  readonly drop?: boolean;
}

export interface CertificatesSeed {
  readonly zoneId: string;
  readonly count: number;
  readonly requestType?: RequestType;
  readonly validityDays?: number;
}

/** Signs a request past every rule. Dates: anything that Date parses. */
export interface SignRequest {
  readonly csr: string;
  readonly hostnames: readonly string[];
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly requestType?: RequestType;
  /** Lists it under this zone; default: the zones of its hostnames. */
  readonly zoneId?: string;
  readonly variant?: CertificateVariant;
}

/** A stored certificate as the control endpoint shows it. Dates in ISO 8601. */
export interface CertificateView {
  readonly id: string;
  readonly hostnames: readonly string[];
  readonly zoneIds: readonly string[];
  readonly requestType: RequestType;
  /** Hex, of the DER SubjectPublicKeyInfo; empty when what is stored is no certificate. */
  readonly publicKeySha256: string;
  readonly issuedAt: string;
  readonly notAfter: string;
  readonly revokedAt?: string;
  readonly tokenId?: string;
  readonly certificate: string;
}

export interface CertificateFilter {
  readonly zoneId?: string;
  readonly hostname?: string;
  readonly publicKeySha256?: string;
  readonly tokenId?: string;
  readonly revoked?: boolean;
}

/** One line of the request log. Requests in flight have no status yet; those reset or left hanging never. */
export interface RequestView {
  readonly time: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly operation: Operation;
  readonly tokenId?: string;
  readonly status?: number;
  /** The first error's code. */
  readonly code?: number;
  readonly ray: string;
  readonly userAgent?: string;
}

export interface RequestFilter {
  readonly operation?: Operation;
  readonly tokenId?: string;
  readonly status?: number;
}

/** How many requests of an operation a token made; `tokenId` is absent where none was known. */
export interface RequestCount {
  readonly operation: Operation;
  readonly tokenId?: string;
  readonly count: number;
}

export interface VisitRequest {
  readonly hostname: string;
  readonly path?: string;
  readonly scheme?: 'https' | 'http';
}

/** What a visitor gets through the edge. */
export interface VisitResult {
  /** 0 when the visitor gets no HTTP answer at all; `detail` says why. */
  readonly status: number;
  readonly location?: string;
  /** Decimal serial of the certificate that the origin presented. */
  readonly certificateSerial?: string;
  readonly detail: string;
}

/** What the simulator prints when it is ready (`--json`). */
export interface Addresses {
  readonly apiUrl: string;
  readonly controlUrl: string;
  readonly caFile: string;
  readonly originCaRootsFile: string;
  /** Directory of both files; removed at the end. */
  readonly dir: string;
}
