import type { OriginZone } from '../../src/api/v1alpha1.ts';
import { applyManifests, type Manifest, readManifests } from '../support/manifests.ts';
import { NotYet, waitFor } from '../support/wait.ts';
import { issuedAfter, PATIENCE, requestRenewal, visit } from './look.ts';
import type { Narrator } from './narrator.ts';
import { HOST, type Stage } from './stage.ts';
import type { Visitor } from './visitor.ts';
import { sslIs, watchSetting, zoneCondition } from './zone-look.ts';

/** So that a restore is seen within seconds and not after a quarter of an hour. */
const RESTORE_AFTER = '3s';
const RENEWALS = 3;

/** The zone as people find it: on Flexible, and Cloudflare chooses the mode by itself. */
export async function flexibleZone(narrator: Narrator, { simulator, zoneId }: Stage): Promise<void> {
  await simulator.setSetting(zoneId, 'ssl', 'flexible');
  await simulator.setAutomaticMode(zoneId, 'auto');
  narrator.say(
    'Now imagine that the zone was on Flexible all the while, with automatic SSL/TLS on: Cloudflare reaches the origin ' +
      'without TLS, and nobody dares to switch on Full (strict). From here on visitors come without a pause.',
  );
}

/** From flexible to strict under the eyes of visitors. */
export async function rolledOut(narrator: Narrator, stage: Stage, visitor: Visitor): Promise<void> {
  const { kube, kubectl } = stage;
  const modes = watchSetting(stage, 'ssl');
  narrator.command(
    'kubectl -n originca-system create secret generic cloudflare-zone --from-literal=api-token="$TOKEN"',
  );
  narrator.say(
    `The example is changed for here: mode Enforce, of the settings ssl alone, restoreAfter ${RESTORE_AFTER}, and in ` +
      'probes the address of this origin.',
  );
  narrator.command('kubectl apply -f deploy/examples/zone.yaml     # changed as said');
  await applyManifests(kube, [tokenManifest(stage), await zoneManifest(stage)]);
  await sslIs(stage, 'strict');
  narrator.say(`OriginsVerified: ${await zoneCondition(stage, 'OriginsVerified', 'True')}`);
  await zoneCondition(stage, 'InSync', 'True');
  narrator.command('kubectl get originzones');
  narrator.table(await kubectl.table('/apis/originca.dev/v1alpha1/originzones'));
  narrator.good(`Cloudflare's own choice is off, and the mode went ${(await modes()).join(' → ')}`);
  allAnswered(narrator, visitor, 'on the way');
}

/** Somebody sets flexible in the dashboard. */
export async function restored(narrator: Narrator, stage: Stage, visitor: Visitor): Promise<void> {
  const { simulator, zoneId } = stage;
  narrator.say('Somebody sets Flexible in the dashboard.');
  await simulator.setSetting(zoneId, 'ssl', 'flexible');
  const modes = watchSetting(stage, 'ssl');
  const pending = await zoneCondition(stage, 'InSync', 'False');
  narrator.report(`InSync: False  ${pending}`);
  await sslIs(stage, 'strict');
  narrator.good(
    `${(await modes()).join(' → ')}: full at once, strict ${RESTORE_AFTER} later (spec.restoreAfter; 15m by default)`,
  );
  allAnswered(narrator, visitor, 'meanwhile');
}

/** The origin forgets its Secret at the next renewal: what was feared. Returns the certificate that is not served. */
export async function brokenOrigin(narrator: Narrator, stage: Stage, former: string): Promise<string> {
  const { origin } = stage;
  narrator.say(
    'The Ingress loses its Secret, and the origin shows its fake certificate. The operator looks at a good origin every ' +
      'half hour or so, and seconds after its Secret got another pair: a renewal is asked for, so that it looks now.',
  );
  origin.setBroken(true);
  await requestRenewal(narrator, stage);
  const { id } = await issuedAfter(stage, former);
  const message = await zoneCondition(stage, 'OriginsVerified', 'False');
  narrator.report(`OriginsVerified: False  ${message}`);
  const { status, detail } = await visit(narrator, stage);
  if (status !== 526) throw new Error(`expected a 526, got ${status}: ${detail}`);
  await sslIs(stage, 'strict');
  narrator.bad(
    '526, an alarm that names the origin and what it shows; the mode stays strict: it is never lowered for that',
  );
  return id;
}

/** The origin is mended, and certificates are renewed under the eyes of visitors. */
export async function renewedUnderStrict(
  narrator: Narrator,
  stage: Stage,
  former: string,
  { startVisitor, visits }: { readonly startVisitor: () => Visitor; readonly visits: number },
): Promise<void> {
  const { origin } = stage;
  origin.setBroken(false);
  await waitFor(
    'the origin to serve again',
    async () => (await stage.simulator.visit(HOST)).status === 200 || new NotYet('still broken'),
    PATIENCE,
  );
  const visitor = startVisitor();
  let id = former;
  for (let renewal = 0; renewal < RENEWALS; renewal += 1) {
    await requestRenewal(narrator, stage);
    ({ id } = await issuedAfter(stage, id));
  }
  await zoneCondition(stage, 'OriginsVerified', 'True');
  await waitFor(
    `${visits} visits`,
    () => visitor.visits >= visits || visitor.failures.length > 0 || new NotYet(visitor.visits),
    { timeoutMs: 300_000 },
  );
  await visitor.stop();
  allAnswered(narrator, visitor, `during ${RENEWALS} renewals`);
}

/** Throws with the first visit that failed. */
function allAnswered(narrator: Narrator, { visits, failures }: Visitor, when: string): void {
  const [first] = failures;
  if (first !== undefined) {
    const { status, detail } = first.result;
    throw new Error(
      `${failures.length} of ${visits} visits failed ${when}, the first with ${status}: ${detail}`,
    );
  }
  narrator.good(`${visits} visits ${when}, every one answered with 200`);
}

type ZoneManifest = Manifest & { readonly spec: OriginZone['spec'] };

/** deploy/examples/zone.yaml as this stage needs it. */
async function zoneManifest({ origin }: Stage): Promise<ZoneManifest> {
  const [zone] = (await readManifests('deploy/examples/zone.yaml')) as [ZoneManifest];
  const spec: ZoneManifest['spec'] = {
    ...zone.spec,
    mode: 'Enforce',
    settings: { ssl: 'strict' },
    restoreAfter: RESTORE_AFTER,
    probes: [{ hostnames: ['*'], addresses: [`127.0.0.1:${origin.port}`] }],
  };
  return { ...zone, spec };
}

/** The zone's token, in the operator's namespace. */
function tokenManifest({ token }: Stage): Manifest & { readonly stringData: object } {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cloudflare-zone', namespace: 'originca-system' },
    stringData: { 'api-token': token },
  };
}
