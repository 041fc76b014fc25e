import type { OriginCertificate } from './api/v1alpha1.ts';
import type { Stores } from './stores.ts';
import type { CertificateSeries, IssuerSeries, ReadyStatus } from './telemetry/object-series.ts';
import type { ZoneSeries } from './telemetry/zone-series.ts';

type Conditions = NonNullable<NonNullable<OriginCertificate['status']>['conditions']>;

/** The certificates as metrics show them: what their statuses say, computed when somebody looks. */
export function* certificateSeries(stores: Stores): Generator<CertificateSeries> {
  for (const { metadata, status } of stores.certificates.list()) {
    const { namespace, name } = metadata;
    yield {
      namespace,
      name,
      ready: readyOf(status?.conditions),
      notBefore: timeOf(status?.certificate?.notBefore),
      notAfter: timeOf(status?.certificate?.notAfter),
      rootNotAfter: rootNotAfterOf(stores, namespace, status?.certificate),
      renewal: timeOf(status?.renewalTime),
      failingSince: timeOf(status?.failure?.since),
      failureReason: status?.failure?.reason,
      served: conditionOf(status?.conditions, 'Served')?.status,
      stalledReason: stalledReasonOf(status?.conditions),
    };
  }
}

/** The root's end is known from the Secret alone; undefined where that holds another certificate by now. */
function rootNotAfterOf(
  stores: Stores,
  namespace: string,
  shown: { readonly id?: string; readonly secretName?: string } | undefined,
): number | undefined {
  if (shown?.secretName === undefined) return undefined;
  const pair = stores.secrets.get({ namespace, name: shown.secretName })?.pair;
  return pair?.state === 'Matching' && pair.certificate.id === shown.id
    ? pair.certificate.rootNotAfter
    : undefined;
}

export function* issuerSeries(stores: Stores): Generator<IssuerSeries> {
  for (const { metadata, status } of stores.issuers.list()) {
    yield {
      kind: 'OriginIssuer',
      namespace: metadata.namespace,
      name: metadata.name,
      ...issuerStatus(status),
    };
  }
  for (const { metadata, status } of stores.clusterIssuers.list()) {
    yield { kind: 'ClusterOriginIssuer', namespace: '', name: metadata.name, ...issuerStatus(status) };
  }
}

export function* zoneSeries(stores: Stores): Generator<ZoneSeries> {
  for (const { metadata, status } of stores.zones.list()) {
    const { inventory, settings = [] } = status ?? {};
    yield {
      name: metadata.name,
      ready: readyOf(status?.conditions),
      settings,
      ssl: settings.find(({ name }) => name === 'ssl')?.observed,
      origins: status?.originCounts ?? [],
      certificates: inventory && { ...inventory, twin: inventory.twins },
      originPullNotAfter: timeOf(status?.authenticatedOriginPulls?.notAfter),
    };
  }
}

interface IssuerStatus {
  readonly conditions?: Conditions;
  readonly token?: { readonly expiresOn?: string };
}

function issuerStatus(status: IssuerStatus | undefined): Pick<IssuerSeries, 'ready' | 'tokenExpires'> {
  return { ready: readyOf(status?.conditions), tokenExpires: timeOf(status?.token?.expiresOn) };
}

function readyOf(conditions: Conditions | undefined): ReadyStatus {
  return conditionOf(conditions, 'Ready')?.status ?? 'Unknown';
}

function stalledReasonOf(conditions: Conditions | undefined): string | undefined {
  const stalled = conditionOf(conditions, 'Stalled');
  return stalled?.status === 'True' ? stalled.reason : undefined;
}

function conditionOf(conditions: Conditions | undefined, wanted: string): Conditions[number] | undefined {
  return conditions?.find(({ type }) => type === wanted);
}

/** Milliseconds since the epoch; undefined for no time or none that can be read. */
function timeOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
