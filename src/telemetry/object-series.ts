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

const STATUSES: readonly ReadyStatus[] = ['True', 'False', 'Unknown'];

/**
 * The series of all objects as Prometheus text, in pieces: between two of them the caller may let others have the
 * event loop, for ten thousand objects are megabytes. An empty piece is only such a place. Written out at each scrape
 * instead of being kept in a registry: nothing outlives its object, and between two scrapes it costs nothing.
 */
export function* objectSeries(
  certificates: Iterable<CertificateSeries>,
  issuers: Iterable<IssuerSeries>,
): Generator<string> {
  yield* certificatePieces(certificates);
  yield issuerText(issuers);
}

/** Objects to a piece, which takes a millisecond or two. */
const PIECE = 250;

/** Metric by metric, as the format asks for, and all of them of the same moment. */
function* certificatePieces(certificates: Iterable<CertificateSeries>): Generator<string> {
  const all: Labelled[] = [];
  for (const series of certificates) {
    const { namespace, name } = series;
    all.push({ labels: `namespace="${escape(namespace)}",name="${escape(name)}"`, series });
    if (all.length % PIECE === 0) yield '';
  }
  for (const { name, help, add } of CERTIFICATE_METRICS) {
    let head = true;
    for (let start = 0; start < all.length; start += PIECE) {
      const family = new Family(name, help, { head });
      for (const each of all.slice(start, start + PIECE)) add(family, each);
      const text = family.toString();
      if (text !== '') head = false;
      yield text;
    }
  }
}

interface Labelled {
  /** Those that name the object. */
  readonly labels: string;
  readonly series: CertificateSeries;
}

interface CertificateMetric {
  readonly name: string;
  readonly help: string;
  readonly add: (family: Family, labelled: Labelled) => void;
}

const CERTIFICATE_METRICS: readonly CertificateMetric[] = [
  {
    name: 'originca_certificate_ready_status',
    help: 'Whether Ready has this status: 1 for the one it has.',
    add: (family, { labels, series }) => family.addStatus(labels, series.ready),
  },
  {
    name: 'originca_certificate_served_status',
    help: 'Whether Served has this status: 1 for the one it has. Only where origins are looked at.',
    add(family, { labels, series: { served } }) {
      if (served) family.addStatus(labels, served);
    },
  },
  {
    name: 'originca_certificate_stalled',
    help: 'Why a person is needed: 1 while that is so.',
    add(family, { labels, series: { stalledReason } }) {
      if (stalledReason !== undefined) family.add(`${labels},reason="${escape(stalledReason)}"`, 1);
    },
  },
  {
    name: 'originca_certificate_not_before_timestamp_seconds',
    help: 'When the certificate in the Secret begins to be valid.',
    add: (family, { labels, series }) => family.addTime(labels, series.notBefore),
  },
  {
    name: 'originca_certificate_not_after_timestamp_seconds',
    help: 'When the certificate in the Secret expires.',
    add: (family, { labels, series }) => family.addTime(labels, series.notAfter),
  },
  {
    name: 'originca_certificate_root_not_after_timestamp_seconds',
    help: 'When the root expires that signed the certificate in the Secret.',
    add: (family, { labels, series }) => family.addTime(labels, series.rootNotAfter),
  },
  {
    name: 'originca_certificate_renewal_timestamp_seconds',
    help: 'When the certificate is to be renewed.',
    add: (family, { labels, series }) => family.addTime(labels, series.renewal),
  },
  {
    name: 'originca_certificate_failing_since_timestamp_seconds',
    help: 'Since when attempts fail, while they do.',
    add: (family, { labels, series: { failingSince, failureReason = '' } }) =>
      family.addTime(`${labels},reason="${escape(failureReason)}"`, failingSince),
  },
];

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
    ready.addStatus(labels, status);
    tokenExpires.addTime(labels, expires);
  }
  return [ready, tokenExpires].join('');
}

/** One metric with its lines, or a piece of them; empty where it has none. */
export class Family {
  readonly #name: string;
  readonly #head: string;
  #lines = '';

  /** @param head whether help and type are to be told: once for each metric, before its first line. */
  constructor(name: string, help: string, { head }: { readonly head: boolean } = { head: true }) {
    this.#name = name;
    this.#head = head ? `# HELP ${name} ${help}\n# TYPE ${name} gauge\n` : '';
  }

  add(labels: string, value: number): void {
    this.#lines += `${this.#name}{${labels}} ${value}\n`;
  }

  addTime(labels: string, ms: number | undefined): void {
    if (ms !== undefined && Number.isFinite(ms)) this.add(labels, ms / 1000);
  }

  /** A line for every status that there is, 1 for the one that it has. */
  addStatus(labels: string, status: ReadyStatus): void {
    for (const each of STATUSES) this.add(`${labels},condition="${each}"`, status === each ? 1 : 0);
  }

  toString(): string {
    return this.#lines === '' ? '' : this.#head + this.#lines;
  }
}

/** A label's value as Prometheus text has it. */
export function escape(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n') : value;
}
