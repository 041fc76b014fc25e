import { setTimeout as delay } from 'node:timers/promises';
import { ANNOTATION } from '../../src/api/names.ts';
import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import { originCertificates } from '../../src/resources.ts';
import type { VisitResult } from '../simulator/protocol.ts';
import { NotYet, waitFor } from '../support/wait.ts';
import type { Narrator } from './narrator.ts';
import { HOST, NAMESPACE, type Stage } from './stage.ts';

/** The OriginCertificate of deploy/examples. */
export const CERTIFICATE = 'example-com';
/** How long to wait for something that takes a second or, after a lost answer, ten. */
export const PATIENCE = { timeoutMs: 30_000, intervalMs: 25 };

const WATCH_MS = 20;
const ref = { namespace: NAMESPACE, name: CERTIFICATE };

/** What identifies an issued certificate in the status of the OriginCertificate. */
export interface Issued {
  /** Cloudflare's id: the serial in decimal. */
  readonly id: string;
  readonly hostnames: readonly string[];
}

/** The certificate in use, once it is another than `former` and the OriginCertificate is Ready. */
export async function issuedAfter(stage: Stage, former: string | undefined): Promise<Issued> {
  return waitFor(
    'the OriginCertificate to be Ready with a new certificate',
    async () => {
      const status = await statusOf(stage);
      const ready = condition(status, 'Ready')?.status === 'True' && !condition(status, 'Issuing');
      const { id, hostnames } = status?.certificate ?? {};
      const isNew = ready && id !== undefined && hostnames !== undefined && id !== former;
      return isNew ? { id, hostnames } : new NotYet(status ?? 'no status');
    },
    PATIENCE,
  );
}

/** Why no certificate can be issued now, as the status says it; undefined while one can. */
export async function issuingTrouble(stage: Stage): Promise<string | undefined> {
  const issuing = condition(await statusOf(stage), 'Issuing');
  return issuing?.status === 'False' ? `${issuing.reason}: ${issuing.message}` : undefined;
}

/** Tells what a visitor of the site would type, and looks. */
export async function visit(narrator: Narrator, { simulator }: Stage): Promise<VisitResult> {
  narrator.command(`curl -sI https://${HOST}/`);
  return simulator.visit(HOST);
}

/** Tells how a renewal is asked for, and asks. */
export async function requestRenewal(narrator: Narrator, { kube }: Stage): Promise<void> {
  const when = new Date().toISOString();
  narrator.command(
    `kubectl annotate -n ${NAMESPACE} origincertificate ${CERTIFICATE} --overwrite ${ANNOTATION.renewRequestedAt}=${when}`,
  );
  const patch = { metadata: { annotations: { [ANNOTATION.renewRequestedAt]: when } } };
  const options = { signal: AbortSignal.timeout(10_000), fieldManager: 'kubectl-annotate' };
  await kube.mergePatch(originCertificates, ref, patch, options);
}

/**
 * Looks at a collection again and again from now on. The function returned ends that and resolves to the header
 * and every different row that was seen.
 */
export function watchTable({ kubectl }: Stage, path: string): () => Promise<string[][]> {
  const rows = new Map<string, string[]>();
  const stop = new AbortController();
  const look = async (): Promise<void> => {
    // The last column is the age, which always changes.
    for (const row of await kubectl.table(path)) rows.set(row.slice(0, -1).join(' '), row);
  };
  const watching = (async () => {
    while (!stop.signal.aborted) {
      await look();
      await delay(WATCH_MS);
    }
  })();
  watching.catch(() => undefined); // Told to whoever asks for the rows.
  return async () => {
    stop.abort();
    await watching;
    await look();
    return [...rows.values()];
  };
}

type Status = OriginCertificate['status'];

async function statusOf({ kube }: Stage): Promise<Status> {
  const certificate = await kube.get(originCertificates, ref, { signal: AbortSignal.timeout(10_000) });
  return certificate?.status;
}

function condition(status: Status, type: string) {
  return status?.conditions?.find((candidate) => candidate.type === type);
}
