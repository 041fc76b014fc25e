import { MANAGED } from '../api/names.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { ObjectRef, Secret } from '../kube/object.ts';
import { secrets } from '../kube/resource.ts';
import { originCertificates } from '../resources.ts';
import { isLabelled, keeperOf, type SecretFacts, secretFacts } from '../secret-facts.ts';
import { certManagerKeeper } from './cert-manager.ts';
import type { CertificateContext } from './context.ts';
import { type CertificateReader, holderOf } from './holder.ts';
import { ALL_TURNS, NO_INCIDENTS, withRequests } from './incidents.ts';
import { viewIssuer } from './issuer-view.ts';
import { isProtected } from './finalizer.ts';
import { leavingOf } from './leaving-view.ts';
import { mendKey, revokeKey } from './attempts.ts';
import { isPendingSecret, type Pending, pendingName, readPending } from './pending.ts';
import { seenServed } from './origins.ts';
import { settlementOf } from './discard.ts';
import { settleFailure } from './settle-trouble.ts';
import { failureScope, issuedAt, standingFailure } from './recall.ts';
import { type Subject, subjectKey } from './subject.ts';
import { owed, type RevocationNote } from './superseded.ts';
import { type IssuerView, isLiving, type World } from './world.ts';

/** The world, and the Secrets behind it that `act` needs: the only place where private keys are in memory. */
export interface Seen {
  readonly world: World;
  readonly target: Secret | undefined;
  readonly pending: Secret | undefined;
  readonly formers: readonly Secret[];
}

/** A Secret as facts, and itself when it was read live. */
interface ReadSecret {
  readonly facts: SecretFacts;
  readonly secret: Secret | undefined;
}

interface Reader extends CertificateReader {
  /** Whether it is asked what the issuer says. From the caches alone nothing is issued, so nobody needs to know. */
  readonly asksIssuer: boolean;
  secret(ref: ObjectRef): Promise<ReadSecret | undefined>;
}

/** The world according to the caches: good enough to see that nothing is to be done, and for nothing else. */
export function observeCached(
  context: CertificateContext,
  subject: Subject,
  signal: AbortSignal,
): Promise<Seen> {
  const { stores } = context;
  return observe(context, subject, signal, {
    asksIssuer: false,
    certificate: (ref) => Promise.resolve(stores.certificates.get(ref)),
    secret: (ref) => {
      const facts = stores.secrets.get(ref);
      return Promise.resolve(facts && { facts, secret: undefined });
    },
  });
}

/** The world as the API server has it now. */
export function observeLive(
  context: CertificateContext,
  subject: Subject,
  signal: AbortSignal,
): Promise<Seen> {
  const { kube, roots } = context;
  return observe(context, subject, signal, {
    asksIssuer: true,
    certificate: (ref) => kube.get(originCertificates, ref, { signal }),
    certManagerKeeper: (ref) => certManagerKeeper(kube, ref, signal),
    secret: async (ref) => {
      const secret = await kube.get(secrets, ref, { signal });
      return secret && { facts: secretFacts(secret, roots), secret };
    },
  });
}

async function observe(
  context: CertificateContext,
  subject: Subject,
  signal: AbortSignal,
  reader: Reader,
): Promise<Seen> {
  const { namespace, name, orphanUid } = subject;
  const found = await reader.certificate({ namespace, name });
  const certificate = isAlive(found, orphanUid) ? found : undefined;
  const leaving = orphanUid === undefined && isLeaving(found) ? found : undefined;
  const uid = orphanUid ?? found?.metadata.uid;
  const secretName = (certificate ?? leaving)?.spec.secretName;
  const [target, pending, ...formers] = await Promise.all([
    secretName === undefined ? undefined : reader.secret({ namespace, name: secretName }),
    uid === undefined ? undefined : reader.secret({ namespace, name: pendingName(uid) }),
    ...formerNames(context, subject, found, secretName).map((former) =>
      reader.secret({ namespace, name: former }),
    ),
  ]);
  const kept = formers.filter((former) => former !== undefined).filter(({ facts }) => isFormer(facts, name));
  const world = await describe(context, subject, signal, reader, {
    certificate,
    leaving,
    target: target?.facts,
    pending: pending && isPendingSecret(pending.facts) ? readPending(pending.facts) : undefined,
    formers: kept.map(({ facts }) => facts),
  });
  return {
    world,
    target: target?.secret,
    pending: pending?.secret,
    formers: kept.flatMap(({ secret }) => secret ?? []),
  };
}

const NOT_ASKED: IssuerView = { state: 'Unchecked' };

/** The parts of the world that follow from the objects read. */
async function describe(
  context: CertificateContext,
  subject: Subject,
  signal: AbortSignal,
  reader: Reader,
  read: Pick<World, 'certificate' | 'target' | 'formers'> & {
    readonly leaving: OriginCertificate | undefined;
    readonly pending: Pending | undefined;
  },
): Promise<World> {
  const { certificate, target, pending } = read;
  if (pending) context.memory.pendings.see(pending);
  const key = subjectKey(subject);
  const scope = failureScope(context, read);
  const world: World = {
    ...read,
    leaving: undefined,
    now: context.clock.now(),
    secretName: certificate?.spec.secretName ?? '',
    holder: certificate ? await holderOf(certificate, target, context.stores, reader) : { kind: 'this' },
    waits: pending ? context.memory.pendings.waits(pending) : { postMs: 0, writeMs: 0 },
    issuer: certificate && reader.asksIssuer ? await viewIssuer(context, certificate, signal) : NOT_ASKED,
    failure: standingFailure(context, subject, read),
    revoked: revokedOf(context, read),
    twins: context.slowCheck.twinsOf(key),
    mendFailure: context.memory.attempts.failure(mendKey(key), scope),
    revokeFailure: context.memory.attempts.failure(revokeKey(key), scope),
    settleFailure: undefined,
    revocations: context.memory.revocations.get(key) ?? NONE,
    served: 'Unknown',
    issuedAt: certificate ? issuedAt(context.memory, certificate) : [],
    clockSkew: context.clockSkew(),
    incidents: NO_INCIDENTS,
    turns: ALL_TURNS,
  };
  const isAsked = isLiving(world) && owed(world).length > 0;
  const whole = {
    ...world,
    ...(read.leaving && { leaving: leavingOf(context, world, read.leaving, key) }),
    ...(pending && {
      settleFailure: settleFailure(context, settlementOf(certificate ?? read.leaving, pending, key)),
    }),
    ...(isAsked && { served: seenServed(context, world, key) }),
  };
  return reader.asksIssuer ? withRequests(context, subject, whole) : whole;
}

const NONE: ReadonlyMap<string, RevocationNote> = new Map();

function revokedOf(
  { slowCheck }: CertificateContext,
  { target, formers }: Pick<World, 'target' | 'formers'>,
): readonly string[] {
  return [...(target ? [target] : []), ...formers]
    .flatMap(({ pair }) => (pair.state === 'Matching' ? pair.certificate.id : []))
    .filter((id) => slowCheck.isRevoked(id));
}

function isLeaving(found: OriginCertificate | undefined): found is OriginCertificate {
  return found?.metadata.deletionTimestamp !== undefined && isProtected(found);
}

function isAlive(
  found: OriginCertificate | undefined,
  orphanUid: string | undefined,
): found is OriginCertificate {
  if (found === undefined || found.metadata.deletionTimestamp !== undefined) return false;
  return orphanUid === undefined || found.metadata.uid === orphanUid;
}

/**
 * Where a pair of this certificate may lie under an earlier name: by the cache, and by the status, because a Secret
 * whose label was stripped is not in the cache. Both only say where to look.
 */
function formerNames(
  { stores }: CertificateContext,
  { namespace, name }: Subject,
  found: OriginCertificate | undefined,
  secretName: string | undefined,
): string[] {
  const cached = stores.secretsKeptBy(namespace, name).filter((facts) => !isPendingSecret(facts));
  const names = new Set([...cached.map((facts) => facts.name), found?.status?.certificate?.secretName ?? '']);
  return [...names].filter((candidate) => candidate !== '' && candidate !== secretName);
}

function isFormer(facts: SecretFacts, certificateName: string): boolean {
  return (
    keeperOf(facts) === certificateName && !isPendingSecret(facts) && !isLabelled(facts, MANAGED.released)
  );
}
