import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import type { CertificateView } from '../simulator/protocol.ts';
import type { Ground } from './ground.ts';
import { pairOf } from './reader.ts';

/** How a certificate flow must end. */
export interface CertificateEnd {
  /** How many certificates may have been issued: least and most. */
  readonly issued: readonly [least: number, most: number];
  /** The hostnames that are served in the end; absent where the object is gone. */
  readonly hostnames?: readonly string[];
  /** Default: the run's own. */
  readonly secretName?: string;
  /** What served once may be revoked when nothing serves it any more, and a Secret may be deleted. */
  readonly revokes?: boolean;
}

/** What is not as it must be when a certificate flow has come to rest. */
export async function certificateProblems(ground: Ground, end: CertificateEnd): Promise<readonly string[]> {
  const [certificate, pendings, issued] = await Promise.all([
    ground.certificate(),
    ground.pendings(),
    ground.issued(),
  ]);
  const pair = pairOf(await ground.secret(end.secretName));
  const served = pair.state === 'Matching' ? pair.certificate : undefined;
  const [least, most] = end.issued;
  const keys = new Set(issued.map(({ publicKeySha256 }) => publicKeySha256));
  return [
    ...(pendings.length > 0 ? [`pending Secrets are left: ${pendings.join(', ')}`] : []),
    ...(issued.length < least || issued.length > most
      ? [`${issued.length} certificates were issued, not ${least} to ${most}`]
      : []),
    ...(keys.size < issued.length ? ['one key was signed twice'] : []),
    ...stray(issued, certificate, served?.id),
    ...(end.revokes ? [] : revokedThoughServed(ground, issued)),
    ...breaches(ground, end),
    ...(end.hostnames === undefined
      ? mustBeGone(certificate)
      : [
          ...mustBeReady(certificate),
          ...(served?.hostnames.join() === end.hostnames.toSorted().join()
            ? []
            : [`the Secret serves ${served?.hostnames.join(', ') ?? `nothing (${pair.state})`}`]),
        ]),
  ];
}

/** What is not as it must be where another certificate took the place of the first. */
export async function replacedProblems(ground: Ground): Promise<readonly string[]> {
  const [first] = await ground.issued();
  const pair = pairOf(await ground.secret());
  const isReplaced = pair.state === 'Matching' && pair.certificate.id !== first?.id;
  const { status } = (await ground.certificate()) ?? {};
  const isKept = status?.superseded?.some(({ id }) => id === first?.id) ?? false;
  return [
    ...(isReplaced ? [] : ['the first certificate is still served']),
    ...(isKept ? [] : ['the first certificate is not in superseded']),
  ];
}

/** Neither served, nor told in the status, nor revoked: nobody will ever know of it again. */
function stray(
  issued: readonly CertificateView[],
  certificate: OriginCertificate | undefined,
  servedId: string | undefined,
): readonly string[] {
  const known = new Set(certificate?.status?.superseded?.map(({ id }) => id));
  return issued
    .filter(({ id, revokedAt }) => revokedAt === undefined && id !== servedId && !known.has(id))
    .map(({ id }) => `certificate ${id} is stray: valid, not served, not in superseded`);
}

function revokedThoughServed({ lane }: Ground, issued: readonly CertificateView[]): readonly string[] {
  return issued
    .filter(({ id, revokedAt }) => revokedAt !== undefined && lane.reader.served.has(id))
    .map(({ id }) => `certificate ${id} was served and is revoked`);
}

function breaches({ lane, name }: Ground, { revokes = false }: CertificateEnd): readonly string[] {
  const own = lane.reader.breaches.filter((breach) => breach.includes(`/${name}-`));
  return revokes ? own.filter((breach) => !breach.endsWith('was deleted')) : own;
}

function mustBeGone(certificate: OriginCertificate | undefined): readonly string[] {
  return certificate === undefined ? [] : ['the OriginCertificate is still there'];
}

function mustBeReady(certificate: OriginCertificate | undefined): readonly string[] {
  const { metadata, status } = certificate ?? {};
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True')
    return [`Ready is ${ready?.status ?? 'absent'}: ${ready?.reason ?? 'no status'}`];
  return ready.observedGeneration === metadata?.generation ? [] : ['the last spec was not seen'];
}
