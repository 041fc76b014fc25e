/** The language of the control endpoint: what client.ts sends and control/ takes. Everything is JSON. */
import type { PullLevel } from './world/origin-pulls.ts';
import type { Permission, TokenStatus } from './world/tokens.ts';
import type { DeploymentStatus } from './rules/deployment.ts';
import type { AutomaticMode, SettingId, SslMode } from './rules/zone-setting.ts';
import type { Plan, RecordType, ZoneStatus } from './world/zones.ts';

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
  'bulkSettings',
  'listClientCertificates',
  'uploadClientCertificate',
  'getClientCertificate',
  'deleteClientCertificate',
  'getOriginPullSettings',
  'putOriginPullSettings',
  'listHostnameCertificates',
  'uploadHostnameCertificate',
  'getHostnameCertificate',
  'deleteHostnameCertificate',
  'putOriginPullHostnames',
  'getOriginPullHostname',
  'verifyToken',
  'ips',
  'unknown',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Answers to a create that a client must not write into a Secret. */
export const CERTIFICATE_VARIANTS = [
  'otherKey',
  'otherKeyKind',
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

export interface ZoneSeed {
  readonly name: string;
  /** Name of its account; default `Example Inc.`. */
  readonly account?: string;
  readonly status?: ZoneStatus;
  readonly paused?: boolean;
  readonly type?: 'full' | 'partial' | 'secondary' | 'internal';
  readonly ssl?: SslMode;
  /** Whether Cloudflare's crawler chooses `ssl`; default `custom`: it does not. */
  readonly automaticMode?: AutomaticMode;
  /** Default `free`. */
  readonly plan?: Plan;
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

/** What somebody sets in the dashboard: past tokens and plan, but no value that the setting does not know. */
export interface SettingChange {
  readonly zoneId: string;
  readonly id: SettingId;
  readonly value?: unknown;
  readonly editable?: boolean;
}

/** A zone's setting as the control endpoint shows it. */
export interface SettingView {
  readonly id: SettingId;
  readonly value: unknown;
  readonly editable: boolean;
  /** ISO 8601; absent where it never was changed. */
  readonly modifiedOn?: string;
}

export interface RecordSeed {
  readonly zoneId: string;
  readonly name: string;
  readonly type?: RecordType;
  readonly content: string;
  readonly proxied?: boolean;
}

/** Many records of one kind: `host-0` to `host-<count - 1>` below the zone's name. */
export interface RecordsSeed extends Omit<RecordSeed, 'name' | 'content'> {
  readonly count: number;
  /** Default `host-`. */
  readonly prefix?: string;
  /** Default 192.0.2.1. */
  readonly content?: string;
}

/** Where a record's content leads on this machine; `host:port`, loopback only. */
export interface OriginSeed {
  readonly content: string;
  readonly https?: string;
  readonly http?: string;
  /** A firewall that swallows packets: 522, without waiting for the timeout. */
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
  /** Hex, of the DER SubjectPublicKeyInfo that was signed. */
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

/** A client certificate of somebody else; one is made where none is given. PEM. */
export interface ClientCertificateSeed {
  readonly zoneId: string;
  /** Default `zone`. */
  readonly level?: PullLevel;
  readonly certificate?: string;
  readonly privateKey?: string;
}

export interface ClientCertificateFilter {
  readonly zoneId?: string;
  readonly level?: PullLevel;
}

/** A client certificate as the control endpoint shows it. Dates in ISO 8601. */
export interface ClientCertificateView {
  readonly id: string;
  readonly zoneId: string;
  readonly level: PullLevel;
  readonly status: DeploymentStatus;
  readonly certificate: string;
  /** Upper-case hex with colons. */
  readonly fingerprint256: string;
  /** Decimal. */
  readonly serialNumber: string;
  readonly notAfter: string;
  readonly uploadedOn: string;
  /** Absent where the control endpoint put it there. */
  readonly tokenId?: string;
}

export interface OriginPullsChange {
  readonly zoneId: string;
  readonly enabled?: boolean;
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
  /** Goes where redirects lead, as long as that is in our zones, up to ten hops. */
  readonly follow?: boolean;
}

/** What a visitor gets through the edge. */
export interface VisitResult {
  /** 0 when the visitor gets no HTTP answer at all; `detail` says why. */
  readonly status: number;
  readonly location?: string;
  /** Following the redirects within the site never ends; without `follow`: this one leads to where it came from. */
  readonly loop?: true;
  /** Redirects followed; only with `follow`. */
  readonly hops?: number;
  /** HSTS, by the zone's setting, else the origin's own. */
  readonly strictTransportSecurity?: string;
  /** Id of the client certificate that the origin was shown, `shared` for Cloudflare's own; absent for none. */
  readonly clientCertificate?: string;
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
  readonly originPullCaFile: string;
  /** Directory of these files; removed at the end. */
  readonly dir: string;
}
