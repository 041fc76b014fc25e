import { open, stat } from 'node:fs/promises';

/** One request of a client, as the API server saw it. */
interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly stageTimestamp: string;
}

/** What a client asked of the API server in a stretch of time. */
export interface Requests {
  /** Writes that were stored, without Lease, events and dry runs; by verb and resource. */
  readonly writes: ReadonlyMap<string, number>;
  readonly writeCount: number;
  /** Reads of single objects and dry runs. */
  readonly others: ReadonlyMap<string, number>;
  /** When the last of the writes was answered, ms since the Unix epoch. */
  readonly lastWriteAt: number;
}

const WRITES = new Set(['create', 'update', 'patch', 'delete']);
const ASIDE = new Set(['leases', 'events', 'subjectaccessreviews', 'selfsubjectaccessreviews']);

/** Where the log ends now: the beginning of a stretch. */
export async function auditMark(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** What `user` asked for since `mark`. */
export async function requestsSince(path: string, mark: number, user: string): Promise<Requests> {
  const writes = new Map<string, number>();
  const others = new Map<string, number>();
  let lastWriteAt = 0;
  const file = await open(path);
  for await (const line of file.readLines({ start: mark })) {
    // The parse boundary: one event a line, and a line that is being written is no event yet.
    const event = line.endsWith('}') ? (JSON.parse(line) as AuditEvent) : undefined;
    if (event?.stage !== 'ResponseComplete' || event.user.username !== user) continue;
    const { resource = '', subresource } = event.objectRef ?? {};
    if (ASIDE.has(resource)) continue;
    const dryRun = event.requestURI.includes('dryRun=');
    const name = `${dryRun ? 'dry-run ' : ''}${event.verb} ${[resource, subresource].filter(Boolean).join('/')}`;
    const stored = WRITES.has(event.verb) && !dryRun && (event.responseStatus?.code ?? 500) < 300;
    const counts = stored ? writes : others;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (stored) lastWriteAt = Math.max(lastWriteAt, Date.parse(event.stageTimestamp));
  }
  const writeCount = [...writes.values()].reduce((sum, count) => sum + count, 0);
  return { writes, writeCount, others, lastWriteAt };
}
