import { open, stat } from 'node:fs/promises';

/** One request of a client, as the API server saw it. */
interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** When a request came to the API server and when it was answered, ms since the Unix epoch. */
export interface RequestTimes {
  readonly user: string;
  readonly verb: string;
  readonly receivedMs: number;
  readonly answeredMs: number;
}

/** What a client asked of the API server in a stretch of time. */
export interface Requests {
  /** Writes that were stored, without Lease, events and dry runs; by verb and resource. */
  readonly writes: ReadonlyMap<string, number>;
  readonly writeCount: number;
  /** Reads of single objects and dry runs. */
  readonly others: ReadonlyMap<string, number>;
  /** Writes of events, stored or not. */
  readonly eventWrites: number;
  /** When the last of the writes was answered, ms since the Unix epoch. */
  readonly lastWriteAt: number;
}

const WRITES = new Set(['create', 'update', 'patch', 'delete']);
const ASIDE = new Set(['leases', 'events', 'subjectaccessreviews', 'selfsubjectaccessreviews']);

/** Where the log ends now: the beginning of a stretch. */
export async function auditMark(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** What `user` asked for from `mark` to `end`, by default until now. */
export async function requestsSince(
  path: string,
  mark: number,
  user: string,
  end?: number,
): Promise<Requests> {
  const writes = new Map<string, number>();
  const others = new Map<string, number>();
  let lastWriteAt = 0;
  let eventWrites = 0;
  for await (const event of eventsSince(path, mark, end)) {
    if (event.user.username !== user) continue;
    const { resource = '', subresource } = event.objectRef ?? {};
    if (resource === 'events') eventWrites += 1;
    if (ASIDE.has(resource)) continue;
    const dryRun = event.requestURI.includes('dryRun=');
    const name = `${dryRun ? 'dry-run ' : ''}${event.verb} ${[resource, subresource].filter(Boolean).join('/')}`;
    const stored = WRITES.has(event.verb) && !dryRun && (event.responseStatus?.code ?? 500) < 300;
    const counts = stored ? writes : others;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (stored) lastWriteAt = Math.max(lastWriteAt, Date.parse(event.stageTimestamp));
  }
  const writeCount = [...writes.values()].reduce((sum, count) => sum + count, 0);
  return { writes, writeCount, others, eventWrites, lastWriteAt };
}

/** The requests about one Secret since `mark`, in the order in which they were answered. */
export async function timesOf(
  path: string,
  mark: number,
  secret: { readonly namespace: string; readonly name: string },
): Promise<RequestTimes[]> {
  const times: RequestTimes[] = [];
  for await (const { objectRef, user, verb, ...event } of eventsSince(path, mark)) {
    const { resource, namespace, name } = objectRef ?? {};
    if (resource !== 'secrets' || namespace !== secret.namespace || name !== secret.name) continue;
    const receivedMs = microseconds(event.requestReceivedTimestamp);
    times.push({ user: user.username, verb, receivedMs, answeredMs: microseconds(event.stageTimestamp) });
  }
  return times;
}

/** The requests that were answered since `mark`; a mark is the place of the first byte that is not part of it. */
async function* eventsSince(path: string, mark: number, end = Infinity): AsyncGenerator<AuditEvent> {
  if (end <= mark) return;
  const file = await open(path);
  for await (const line of file.readLines({ start: mark, end: end - 1 })) {
    // The parse boundary: one event a line, and a line that was being written at either mark is none.
    const isWhole = line.startsWith('{') && line.endsWith('}');
    const event = isWhole ? (JSON.parse(line) as AuditEvent) : undefined;
    if (event?.stage === 'ResponseComplete') yield event;
  }
}

/** The log's times have six digits of a second, of which Date reads three. */
function microseconds(timestamp: string): number {
  return Date.parse(timestamp) + Number(timestamp.slice(-4, -1)) / 1000;
}
