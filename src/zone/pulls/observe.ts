import { X509Certificate } from 'node:crypto';
import type { Secret } from '../../kube/object.ts';
import { secrets } from '../../kube/resource.ts';
import { issuingRoot } from '../../pki/chain.ts';
import { pemText, readAuthority, readCertificate, type SigningAuthority } from '../../pki/authority.ts';
import { decode } from '../../secret-facts.ts';
import type { ZonePass } from '../concern.ts';
import type { PullsContext } from './context.ts';
import { bundleOf, presentedCas } from './bundle.ts';
import { demandOf, demandSinceMs } from './demand.ts';
import { copiesOf } from './leaves.ts';
import type { PullMemory, RawCertificate, RawReading } from './memory.ts';
import { readPublished } from './publish.ts';
import { readCloudflare, restMs } from './reading.ts';
import { caFacts, pullSecretName, storeOf } from './stored.ts';
import type { Ages, PullsWorld, Reading, SeenCertificate, Store, WantedCa } from './world.ts';

/** What was found, and the secrets that only effects may use. */
export interface Seen {
  readonly world: PullsWorld;
  /** Our Secret as it was read; undefined: there is none. */
  readonly secret: Secret | undefined;
  /** The CA of caSecretRef. */
  readonly given: SigningAuthority | undefined;
  /** Has paid for one effect where Cloudflare was asked in this pass. */
  readonly client: ZonePass['client'];
  /** How old what Cloudflare answered is; 0: of this pass. */
  readonly ageMs: number;
  /** From when on (monotonic) origins must have been looked at; undefined: nobody's demand matters now. */
  readonly demandSinceMs: number | undefined;
}

export async function observe(
  context: PullsContext,
  pass: ZonePass,
  memory: PullMemory,
  { fresh }: { readonly fresh: boolean },
  signal: AbortSignal,
): Promise<Seen> {
  const { metadata, spec } = pass.zone;
  const kept = fresh ? undefined : memory.kept(restMs(pass.intervals));
  const { raw, client } = kept
    ? { raw: kept.raw, client: pass.client }
    : await readCloudflare(context, pass, memory, signal);
  const secret = await readSecret(context, pullSecretName(metadata.name), signal);
  const { wantedCa, given } = await readWantedCa(context, pass, signal);
  const store = storeOf(secret, metadata.name, given?.certificate);
  const cloudflare = judged(raw, casOf(store, given));
  const known = {
    mode: spec.authenticatedOriginPulls.mode,
    ssl: pass.ssl,
    now: context.clock.now(),
    cloudflare,
    store,
    sharedCaPem: context.sharedOriginPullCa.map(pemText).join(''),
  };
  const ages = agesOf(memory, known);
  const bundle = bundleOf({ ...known, ages });
  const wanted = { bundle, presented: presentedCas({ ...known, ages }) };
  const publish = await readPublished(context, pass, memory, wanted, signal);
  const isPublished = bundle !== undefined && publish.every(({ state }) => state === 'current');
  const withPublished = { ...ages, published: memory.ageOf('published', isPublished ? bundle : undefined) };
  const stored = store.state === 'ours' ? store.stored : undefined;
  const comingCa = cloudflare.enabled ? stored?.nextCa : stored?.ca;
  const publishedMs = withPublished.published;
  const sinceMs = demandSinceMs(known, { isPublished, publishedMs }, memory, context.clock.monotonic());
  const world: PullsWorld = {
    ...known,
    objectName: metadata.name,
    zoneName: pass.facts.name,
    hindrance: pass.hindrance,
    wantedCa,
    demand: demandOf(sinceMs === undefined ? undefined : pass.gate(sinceMs)),
    bundle,
    publish,
    acceptance: memory.asked.acceptanceOf(comingCa?.fingerprint),
    ages: withPublished,
    backoffMs: memory.backoffMs,
    attempts: memory.repeats.all(),
  };
  return { world, secret, given, client, ageMs: kept?.ageMs ?? 0, demandSinceMs: sinceMs };
}

function readSecret(
  { kube, operatorNamespace: namespace }: PullsContext,
  name: string,
  signal: AbortSignal,
): Promise<Secret | undefined> {
  return kube.get(secrets, { namespace, name }, { signal });
}

async function readWantedCa(
  context: PullsContext,
  { zone }: ZonePass,
  signal: AbortSignal,
): Promise<{ readonly wantedCa: WantedCa; readonly given: SigningAuthority | undefined }> {
  const name = zone.spec.authenticatedOriginPulls.caSecretRef?.name;
  if (name === undefined) return { wantedCa: { state: 'own' }, given: undefined };
  const secret = await readSecret(context, name, signal);
  const where = `Secret ${name} in namespace ${context.operatorNamespace}`;
  if (secret === undefined) {
    const message = `There is no ${where}. Create it with a CA under tls.crt and tls.key, or remove authenticatedOriginPulls.caSecretRef.`;
    return { wantedCa: { state: 'unusable', reason: 'CaSecretMissing', message }, given: undefined };
  }
  const given = readAuthority(decode(secret.data?.['tls.crt']), decode(secret.data?.['tls.key']));
  const problem = 'problem' in given ? given.problem : datesProblem(given.certificate, context.clock.now());
  if (problem !== undefined || 'problem' in given) {
    const message = `${where} ${problem}. Put a self-signed CA there, tls.crt and tls.key.`;
    return { wantedCa: { state: 'unusable', reason: 'CaSecretInvalid', message }, given: undefined };
  }
  return { wantedCa: { state: 'given', ca: caFacts(given.certificate, true), place: where }, given };
}

function datesProblem({ validFromDate, validToDate }: X509Certificate, nowMs: number): string | undefined {
  if (validToDate.getTime() <= nowMs) return 'has a CA that has ended';
  return validFromDate.getTime() > nowMs ? 'has a CA that is not valid yet' : undefined;
}

/** Every CA that may have signed what is ours at Cloudflare. */
function casOf(store: Store, given: SigningAuthority | undefined): readonly X509Certificate[] {
  const stored = store.state === 'ours' ? [store.stored.ca, store.stored.nextCa] : [];
  const certificates = stored.flatMap((ca) => (ca === undefined ? [] : [new X509Certificate(ca.pem)]));
  return given === undefined ? certificates : [...certificates, given.certificate];
}

function judged({ certificates, ...rest }: RawReading, cas: readonly X509Certificate[]): Reading {
  return { ...rest, certificates: certificates.map((certificate) => seenOf(certificate, cas)) };
}

function seenOf(raw: RawCertificate, cas: readonly X509Certificate[]): SeenCertificate {
  const certificate = raw.certificate === '' ? undefined : readCertificate(raw.certificate);
  return {
    id: raw.id,
    fingerprint: raw.fingerprintSHA256,
    status: raw.status,
    notAfter: raw.notAfter,
    issuer: certificate === undefined ? 'unknown' : oneLine(certificate.issuer),
    signer: certificate && issuingRoot(certificate, cas)?.fingerprint256,
  };
}

function oneLine(distinguishedName: string): string {
  return distinguishedName.replaceAll('\n', ', ').slice(0, 200);
}

type Known = Pick<PullsWorld, 'mode' | 'cloudflare' | 'store'>;

function agesOf(memory: PullMemory, { cloudflare, store }: Known): Ages {
  const stored = store.state === 'ours' ? store.stored : undefined;
  const [next] = copiesOf(cloudflare, stored?.nextLeaf);
  const moving = cloudflare.certificates.filter(({ status }) => status !== 'active');
  const ofOldCa = cloudflare.certificates.some(({ signer }) => signer === stored?.ca.fingerprint);
  const [newest] = copiesOf(cloudflare, stored?.nextLeaf ?? stored?.leaf);
  if (newest?.status === 'active') memory.deployed();
  return {
    sharedOn: memory.age('sharedOn', cloudflare.shared.on),
    disabled: memory.age('disabled', !cloudflare.enabled),
    published: 0,
    oldGone: memory.age('oldGone', stored?.nextCa !== undefined && !ofOldCa),
    posted: memory.ageOf('posted', stored?.postedAt),
    deploying: memory.ageOf('deploying', moving.length === 0 ? undefined : movingText(moving)),
    nextActive: memory.age('nextActive', next?.status === 'active'),
  };
}

function movingText(moving: readonly SeenCertificate[]): string {
  return moving.map(({ id, status }) => `${id} ${status}`).join(' ');
}
