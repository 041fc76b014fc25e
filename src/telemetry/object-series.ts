/** What the series of one OriginCertificate are made of. Times in milliseconds since the Unix epoch. */
export interface CertificateSeries {
  readonly namespace: string;
  readonly name: string;
  readonly ready: ReadyStatus;
  readonly notBefore?: number | undefined;
  readonly notAfter?: number | undefined;
  /** When the root ends that signed it. */
  readonly rootNotAfter?: number | undefined;
  readonly renewal?: number | undefined;
  readonly failingSince?: number | undefined;
  readonly failureReason?: string | undefined;
  /** Absent where nobody looks at origins. */
  readonly served?: ReadyStatus | undefined;
  /** Why a person is needed, while one is. */
  readonly stalledReason?: string | undefined;
}

/** What the series of one issuer of either kind are made of. */
export interface IssuerSeries {
  readonly kind: 'OriginIssuer' | 'ClusterOriginIssuer';
  /** '' for the cluster kind. */
  readonly namespace: string;
  readonly name: string;
  readonly ready: ReadyStatus;
  /** Milliseconds since the Unix epoch; absent for a token without an end. */
  readonly tokenExpires?: number | undefined;
}

export type ReadyStatus = 'True' | 'False' | 'Unknown';

export const STATUSES: readonly ReadyStatus[] = ['True', 'False', 'Unknown'];

/**
 * The series of all objects as Prometheus text. Written out at each scrape instead of being kept in a registry:
 * nothing outlives its object, and ten thousand objects cost nothing between two scrapes.
 */
export function objectSeries(
  certificates: Iterable<CertificateSeries>,
  issuers: Iterable<IssuerSeries>,
): string {
  return certificateText(certificates) + issuerText(issuers);
}

function certificateText(certificates: Iterable<CertificateSeries>): string {
  const ready = new Family(
    'originca_certificate_ready_status',
    'Whether Ready has this status: 1 for the one it has.',
  );
  const served = new Family(
    'originca_certificate_served_status',
    'Whether Served has this status: 1 for the one it has. Only where origins are looked at.',
  );
  const stalled = new Family('originca_certificate_stalled', 'Why a person is needed: 1 while that is so.');
  const times = timeFamilies();
  const failing = new Family(
    'originca_certificate_failing_since_timestamp_seconds',
    'Since when attempts fail, while they do.',
  );
  for (const { namespace, name, failureReason = '', stalledReason, ...series } of certificates) {
    const labels = `namespace="${escape(namespace)}",name="${escape(name)}"`;
    for (const status of STATUSES) {
      ready.add(`${labels},condition="${status}"`, series.ready === status ? 1 : 0);
      if (series.served) served.add(`${labels},condition="${status}"`, series.served === status ? 1 : 0);
    }
    if (stalledReason !== undefined) stalled.add(`${labels},reason="${escape(stalledReason)}"`, 1);
    for (const [field, family] of times) family.addTime(labels, series[field]);
    failing.addTime(`${labels},reason="${escape(failureReason)}"`, series.failingSince);
  }
  return [ready, served, stalled, ...times.map(([, family]) => family), failing].join('');
}

type TimeField = 'notBefore' | 'notAfter' | 'rootNotAfter' | 'renewal';

function timeFamilies(): readonly (readonly [TimeField, Family])[] {
  const begins = 'When the certificate in the Secret begins to be valid.';
  const expires = 'When the certificate in the Secret expires.';
  const rootExpires = 'When the root expires that signed the certificate in the Secret.';
  const renewed = 'When the certificate is to be renewed.';
  return [
    ['notBefore', new Family('originca_certificate_not_before_timestamp_seconds', begins)],
    ['notAfter', new Family('originca_certificate_not_after_timestamp_seconds', expires)],
    ['rootNotAfter', new Family('originca_certificate_root_not_after_timestamp_seconds', rootExpires)],
    ['renewal', new Family('originca_certificate_renewal_timestamp_seconds', renewed)],
  ];
}

function issuerText(issuers: Iterable<IssuerSeries>): string {
  const ready = new Family(
    'originca_issuer_ready_status',
    'Whether Ready has this status: 1 for the one it has.',
  );
  const tokenExpires = new Family(
    'originca_issuer_token_expiration_timestamp_seconds',
    "When the issuer's API token expires.",
  );
  for (const { kind, namespace, name, ready: status, tokenExpires: expires } of issuers) {
    const labels = `kind="${kind}",namespace="${escape(namespace)}",name="${escape(name)}"`;
    for (const each of STATUSES) ready.add(`${labels},condition="${each}"`, status === each ? 1 : 0);
    tokenExpires.addTime(labels, expires);
  }
  return [ready, tokenExpires].join('');
}

/** One metric with its lines; printed only where it has any. */
export class Family {
  readonly #name: string;
  readonly #lines: string[];
  #empty = true;

  constructor(name: string, help: string) {
    this.#name = name;
    this.#lines = [`# HELP ${name} ${help}\n# TYPE ${name} gauge\n`];
  }

  add(labels: string, value: number): void {
    this.#empty = false;
    this.#lines.push(`${this.#name}{${labels}} ${value}\n`);
  }

  addTime(labels: string, ms: number | undefined): void {
    if (ms !== undefined && Number.isFinite(ms)) this.add(labels, ms / 1000);
  }

  toString(): string {
    return this.#empty ? '' : this.#lines.join('');
  }
}

/** A label's value as Prometheus text has it. */
export function escape(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n') : value;
}
