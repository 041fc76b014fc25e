import { ANNOTATION, PENDING_SECRET_TYPE } from '../../src/api/names.ts';
import type { OriginZone } from '../../src/api/v1alpha1.ts';
import type { Secret } from '../../src/kube/object.ts';
import { inspectCertificate } from '../../src/pki/inspect.ts';
import { privateKeyDigest } from '../../src/pki/keys.ts';
import { decode } from '../../src/secret-facts.ts';
import type { Passage } from '../proxy/gate.ts';
import type { FaultProxy } from '../proxy/proxy.ts';
import { createHash } from 'node:crypto';
import { publicKeyOfCsr } from '../simulator/ca/csr.ts';
import type { Journal } from './journal.ts';
import { mayHoldLeaked } from './leaked.ts';
import { isServing } from './serving.ts';
import type { Stage } from './stage.ts';
import type { Users } from './users.ts';

type SslMode = NonNullable<NonNullable<OriginZone['spec']['settings']>['ssl']>;

/** The order of the modes: what is lowered serves visitors worse. */
const STRICTNESS: readonly SslMode[] = ['off', 'flexible', 'full', 'strict'];
/** An origin may break between the look at it and the request that the look allowed. */
const LOOK_MS = 8000;

/** Judges each request that changes something at Cloudflare, before it gets there. */
export function guardCloudflare(proxy: FaultProxy, stage: Stage, users: Users, journal: Journal): void {
  proxy.gate = async (passage) => {
    if (passage.when !== 'before') return 'pass';
    const problem = await problemOf(passage, stage, users);
    if (problem !== undefined) journal.violation(problem);
    return 'pass';
  };
}

async function problemOf(
  { method, path, body }: Passage,
  stage: Stage,
  users: Users,
): Promise<string | undefined> {
  const revoked = /\/certificates\/(\d+)$/.exec(path)?.[1];
  if (method === 'DELETE' && revoked !== undefined) return problemOfRevocation(revoked, stage, users);
  if (method === 'POST' && path.endsWith('/certificates'))
    return problemOfPost(body.toString(), stage, users);
  const zoneId = /\/zones\/([0-9a-f]+)\/settings\/ssl$/.exec(path)?.[1];
  if (method === 'PATCH' && zoneId !== undefined) return problemOfMode(zoneId, body.toString(), stage);
  return undefined;
}

/** Nothing that a Secret serves is revoked; a leaked one that a Secret holds which the operator keeps no more is. */
async function problemOfRevocation(id: string, stage: Stage, users: Users): Promise<string | undefined> {
  const holder = (await stage.secrets()).find(
    (secret) =>
      isServing(secret) &&
      inspectCertificate(decode(secret.data?.['tls.crt']) ?? '', [])?.id === id &&
      !mayHoldLeaked(secret, { places: stage.places, users }),
  );
  if (users.adoptions.byHand.has(id)) return `certificate ${id}, which people had made by hand, is revoked`;
  return holder && `certificate ${id} is revoked while Secret ${holder.metadata.name ?? ''} holds it`;
}

/** No second certificate for a key that has one, and none for whoever has taken over what he needs. */
async function problemOfPost(body: string, stage: Stage, users: Users): Promise<string | undefined> {
  const csr = /"csr":("(?:[^"\\]|\\.)*")/.exec(body)?.[1];
  const publicKey = csr === undefined ? undefined : await publicKeyOfCsr(String(JSON.parse(csr)));
  if (publicKey === undefined) return 'a POST for a certificate bears no certificate request';
  const publicKeySha256 = createHash('sha256').update(publicKey).digest('hex');
  const [first] = await stage.simulator.certificates({ publicKeySha256, revoked: false });
  if (first) return `a second certificate is asked for the key of ${first.id}`;
  const asking = await pendingOf(publicKeySha256, stage);
  await users.traces.idle();
  const uid = asking?.metadata.annotations?.[ANNOTATION.certificateUid] ?? '';
  if (!users.adoptions.suffices(uid)) return undefined;
  return `${asking?.metadata.namespace ?? ''}: a certificate is asked for the object with uid ${uid}, which took over a pair that serves it`;
}

async function pendingOf(publicKeySha256: string, stage: Stage): Promise<Secret | undefined> {
  return (await stage.secrets()).find(
    ({ type, data }) =>
      type === PENDING_SECRET_TYPE && privateKeyDigest(decode(data?.['tls.key']) ?? '') === publicKeySha256,
  );
}

/** Never raised to strict while an origin would fail it, and never lowered. */
async function problemOfMode(zoneId: string, body: string, stage: Stage): Promise<string | undefined> {
  const wanted = STRICTNESS.find((mode) => body.includes(`"${mode}"`));
  const site = stage.sites.find((each) => each.zoneId === zoneId);
  if (wanted === undefined || site === undefined) return undefined;
  const settings = await stage.simulator.zoneSettings(zoneId);
  const now = STRICTNESS.find((mode) => settings.some(({ id, value }) => id === 'ssl' && value === mode));
  if (now !== undefined && STRICTNESS.indexOf(wanted) < STRICTNESS.indexOf(now))
    return `ssl of ${site.zone} is lowered from ${now} to ${wanted}`;
  const { brokenSinceMs } = site;
  const isBroken = brokenSinceMs !== undefined && performance.now() - brokenSinceMs > LOOK_MS;
  return wanted === 'strict' && isBroken
    ? `ssl of ${site.zone} is raised to strict, and its origin would fail`
    : undefined;
}
