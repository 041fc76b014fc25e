import { open } from 'node:fs/promises';

/** The operator's ServiceAccount of `deploy/`, as the API server names it. */
export const OPERATOR_USER = 'system:serviceaccount:originca-system:origin-ca-operator';

/** Requests that are the same to whoever judges rights, and how many of them there were. */
export interface Requests {
  readonly user: string;
  readonly userAgent: string;
  readonly verb: string;
  /** `''` for the core group. */
  readonly apiGroup: string;
  /** With its subresource, as RBAC writes it: `secrets`, `originissuers/status`. For no resource: the path. */
  readonly resource: string;
  /** Where: in the operator's own namespace, in another, or in none (cluster kinds, and all namespaces at once). */
  readonly namespace: 'own' | 'other' | 'none';
  /** HTTP status. */
  readonly code: number;
  /** `allow` or `forbid`; empty where the request was refused before anybody judged its rights. */
  readonly decision: string;
  /** Of the decision; names the binding and the role that allowed it. */
  readonly reason: string;
  readonly count: number;
}

/** One line of the audit log at level Metadata. */
interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly annotations?: Readonly<Record<string, string>>;
}

const OWN_NAMESPACE = 'originca-system';

export interface Reading {
  readonly user: string;
  /**
   * The API server was started more than once. One that has just started refuses what it has not yet read the roles
   * for: then a refusal counts only where the same was never allowed.
   */
  readonly wasRestarted: boolean;
}

/** What a user asked of the API server, by its audit log: one line an event. */
export async function requestsIn(auditLog: string, reading: Reading): Promise<Requests[]> {
  const file = await open(auditLog);
  return countRequests(file.readLines(), reading);
}

/** The same of the log's lines. */
export async function countRequests(
  lines: AsyncIterable<string>,
  { user, wasRestarted }: Reading,
): Promise<Requests[]> {
  const counts = new Map<string, number>();
  const refused: AuditEvent[] = [];
  const allowed = new Set<string>();
  for await (const line of lines) {
    // Spares the parsing of everybody else's; and a line that is being written is no event yet.
    if (!line.includes(user) || !line.endsWith('}')) continue;
    const event = JSON.parse(line) as AuditEvent;
    if (event.user.username !== user || !isCounted(event)) continue;
    if (decisionOf(event) === 'allow') allowed.add(rightOf(event));
    if (wasRestarted && decisionOf(event) === 'forbid') refused.push(event);
    else add(counts, event);
  }
  for (const event of refused) if (!allowed.has(rightOf(event))) add(counts, event);
  return [...counts].map(([key, count]) => ({
    ...(JSON.parse(key) as Omit<Requests, 'count'>),
    count,
  }));
}

function add(counts: Map<string, number>, event: AuditEvent): void {
  const key = JSON.stringify(kindOf(event));
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The right that a request took, in its own namespace; that to a Lease is granted by name. */
function rightOf({ verb, objectRef, requestURI }: AuditEvent): string {
  const { apiGroup, resource, subresource, namespace, name } = objectRef ?? {};
  const lease = resource === 'leases' ? name : undefined;
  return JSON.stringify([verb, apiGroup, resource ?? requestURI, subresource, namespace, lease]);
}

function decisionOf({ annotations }: AuditEvent): string {
  return annotations?.['authorization.k8s.io/decision'] ?? '';
}

/** A watch counts when it begins, for its end may come after that of the log; everything else when it is over. */
function isCounted({ stage, verb, responseStatus }: AuditEvent): boolean {
  const isRunningWatch = verb === 'watch' && (responseStatus?.code ?? 0) < 400;
  return stage === (isRunningWatch ? 'ResponseStarted' : 'ResponseComplete');
}

function kindOf(event: AuditEvent): Omit<Requests, 'count'> {
  const { user, userAgent, verb } = event;
  const { resource, subresource, apiGroup = '', namespace } = event.objectRef ?? {};
  return {
    user: user.username,
    userAgent: userAgent ?? '',
    verb,
    apiGroup,
    resource: [resource ?? event.requestURI, subresource].filter(Boolean).join('/'),
    namespace: namespace === undefined ? 'none' : namespace === OWN_NAMESPACE ? 'own' : 'other',
    code: event.responseStatus?.code ?? 0,
    decision: decisionOf(event),
    reason: event.annotations?.['authorization.k8s.io/reason'] ?? '',
  };
}
