import type { X509Certificate } from 'node:crypto';

/** What knocking at an origin finds: what Cloudflare's edge would find there. */
export type ProbeResult =
  | 'Valid'
  /** 521: nobody listens there. */
  | 'Refused'
  /** 522: the connection is not answered. */
  | 'Timeout'
  /** 525: a connection, but no TLS. */
  | 'HandshakeFailed'
  /** 526: from no authority that Cloudflare trusts. */
  | 'Untrusted'
  /** 526: outside its dates, not yet valid included. */
  | 'Expired'
  /** 526: for other names. */
  | 'NameMismatch'
  /** The DNS record leads into Cloudflare's own network: there is no origin to knock at. */
  | 'NoOrigin'
  /** Nothing can be said from here: no address, no route, or one that may not be contacted. */
  | 'Unverifiable';

/** What a zone shows of one name. */
export type OriginResult = ProbeResult | 'NotProxied' | 'Ignored';

/** One name, and where to knock for it. */
export interface ProbeTarget {
  /** What is asked for by SNI; never a wildcard. */
  readonly hostname: string;
  /** `host:port` or `[v6]:port`. A host may be a DNS name: all its addresses are knocked at. */
  readonly addresses: readonly string[];
  /** Where the addresses come from, for messages: `spec.probes[0]`, `Ingress ns/name`, `record CNAME x`. */
  readonly source: string;
  /**
   * The addresses are the content of a DNS record: what resolves into Cloudflare's own ranges is `NoOrigin`.
   * Without this it is `Unverifiable`, because whoever names an address means an origin, and holds the gate.
   */
  readonly fromRecord?: boolean;
  /**
   * What routes the name at other addresses, `Ingress ns/name`. Addresses of a record may then be out of reach from
   * inside the cluster alone (a router without hairpin NAT): no connection is `Unverifiable` and not an outage.
   */
  readonly routedBy?: string | undefined;
}

/** A certificate as an origin presented it. Texts are bounded and free of control characters. */
export interface Presented {
  readonly subject: string;
  readonly issuer: string;
  /** At most 100. */
  readonly names: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Upper-case hex pairs with colons, as node:crypto and `CertificateFacts` have it. */
  readonly fingerprintSHA256: string;
  /** The serial number in decimal: what Cloudflare calls the id. */
  readonly id: string;
}

/** What was found at one address of one name. Plain data. */
export interface Verdict {
  readonly hostname: string;
  /** What was dialled: `ip:port`, with the DNS name in brackets behind it where there was one. */
  readonly address: string;
  readonly source: string;
  /** As the target has it: the edge itself goes there. */
  readonly fromRecord?: boolean;
  readonly result: ProbeResult;
  /** What was presented, what Cloudflare would answer, what to do. */
  readonly message: string;
  readonly presented: Presented | undefined;
  /**
   * Whether TLS itself works, whatever the certificate: enough for mode full. True also where the only obstacle
   * is that a client certificate is demanded: see `clientCertificate`.
   */
  readonly tls: boolean;
  /** Whether it refused us without a client certificate; `unknown` where TLS failed before. */
  readonly clientCertificate: 'required' | 'no' | 'unknown';
  /** Whether it took the client certificate shown to it; absent where none was given or shown. */
  readonly clientAccepted?: boolean;
  /** Whether `https://hostname/` leads to `http://` of the same host: with alwaysUseHttps that is a loop. */
  readonly redirectsToHttp: boolean;
  /** Monotonic milliseconds when the knocking began. */
  readonly beganMs: number;
  /** The same moment in milliseconds since the Unix epoch. */
  readonly at: number;
}

/** What a presented certificate may lead to. */
export interface TrustSet {
  /** Sign leaves in one step. */
  readonly originCa: readonly X509Certificate[];
  /** Absent: the prober's, which are those that Node carries. */
  readonly publicRoots?: readonly X509Certificate[];
  readonly custom: readonly X509Certificate[];
}

/** A client certificate to show to origins, in PEM. */
export interface ClientPair {
  readonly certificate: string;
  readonly key: string;
}

export interface ProbeOptions {
  readonly signal: AbortSignal;
  /** Shown in a second connection; the first shows none, to see whether one is demanded. */
  readonly client?: ClientPair;
  /**
   * Monotonic: since when the look is wanted. That an address gave no connection, seen from then on for another name,
   * will do. Default: the call.
   */
  readonly wantedMs?: number;
}

/** What the board needs of a prober. */
export interface Probes {
  /**
   * One verdict for each address, at least one. Whatever an origin does is a verdict; rejects only with the
   * signal's reason.
   */
  probe(target: ProbeTarget, trust: TrustSet, options: ProbeOptions): Promise<readonly Verdict[]>;
}
