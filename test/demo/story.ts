import { readFile } from 'node:fs/promises';
import { applyManifests, readManifests } from '../support/manifests.ts';
import type { OperatorProcess } from '../support/operator-process.ts';
import { NotYet, waitFor } from '../support/wait.ts';
import { FAKE_NAME } from './fake-certificate.ts';
import {
  CERTIFICATE,
  issuedAfter,
  issuingTrouble,
  PATIENCE,
  requestRenewal,
  visit,
  watchTable,
} from './look.ts';
import type { Narrator } from './narrator.ts';
import { HOST, installOperator, NAMESPACE, setStage, SHORT_WAITS, type Stage } from './stage.ts';
import { SteadyClient } from './steady-client.ts';
import { Visitor } from './visitor.ts';
import { brokenOrigin, flexibleZone, renewedUnderStrict, restored, rolledOut } from './zone-story.ts';

/** How often the client connects before the renewal, and again with the new certificate. */
const HANDSHAKES = 100;
/** How often visitors come, at least, while certificates are renewed under strict. */
const VISITS = 1000;

/** A dozen of the series, of which one is enough of each kind. */
const SHOWN = new RegExp(
  `^originca_(?:${[
    'certificate_ready_status.*"True"',
    'certificate_(?:not_after|renewal)_timestamp_seconds',
    'certificate_issuance_total.*"(?:issued|recovered|refused|unknown)"',
    'certificate_served_status.*"True"',
    'issuer_ready_status.*"True"',
    'zone_(?:setting_in_sync|ssl_mode|restore_total|origins)',
    'cloudflare_requests_total.*"create_certificate".*"(?:success|CloudflareUnavailable)"',
    'cloudflare_budget_remaining',
    'build_info',
  ].join('|')})`,
);

/** Tells the whole story; throws an Error with a sentence where it does not go as told. */
export async function tell(narrator: Narrator, stack: AsyncDisposableStack): Promise<Stage> {
  narrator.title(
    'origin-ca-operator: from an OriginCertificate to a served, renewed TLS Secret',
    'All of it is real and runs on this machine; only Cloudflare is played by a simulator with the same API.',
  );
  narrator.step('A Kubernetes control plane, and a site behind Cloudflare');
  const stage = await siteWithoutCertificate(narrator, stack);
  narrator.step('The operator');
  const operator = await operatorInstalled(narrator, stage, stack);
  narrator.step('A certificate');
  const first = await certificateReady(narrator, stage);
  narrator.step('The site again');
  await siteServed(narrator, stage, first);
  narrator.step('A renewal on request, while a client connects without a pause');
  const second = await renewed(narrator, stage, first);
  narrator.step('An answer of Cloudflare is lost on its way');
  const third = await recovered(narrator, stage, second);
  await tellOfZone(narrator, stage, third);
  narrator.step('What Prometheus sees');
  await measured(narrator, operator);
  return stage;
}

/** The second half: the zone follows its origins. */
async function tellOfZone(narrator: Narrator, stage: Stage, certificate: string): Promise<void> {
  narrator.step('The zone: from Flexible to Full (strict), when every origin is ready for it');
  await flexibleZone(narrator, stage);
  const startVisitor = (): Visitor => new Visitor(stage.simulator, HOST);
  const visitor = startVisitor();
  try {
    await rolledOut(narrator, stage, visitor);
    narrator.step('Somebody switches back');
    await restored(narrator, stage, visitor);
  } finally {
    await visitor.stop();
  }
  narrator.step('An origin breaks');
  const unserved = await brokenOrigin(narrator, stage, certificate);
  narrator.step('It is mended, and certificates are renewed under strict');
  await renewedUnderStrict(narrator, stage, unserved, { startVisitor, visits: VISITS });
}

async function siteWithoutCertificate(narrator: Narrator, stack: AsyncDisposableStack): Promise<Stage> {
  const startMs = performance.now();
  const stage = await setStage(stack);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  narrator.good(
    `Kubernetes ${stage.plane.version} is up after ${seconds} s: etcd, kube-apiserver, controllers`,
  );
  narrator.command('kubectl apply --server-side -k crds');
  narrator.command(`kubectl apply -n ${NAMESPACE} -f deploy/examples/ingress-nginx.yaml`);
  await applyManifests(stage.kube, await readManifests('deploy/examples/ingress-nginx.yaml'), {
    namespace: NAMESPACE,
  });
  narrator.say(
    `Cloudflare has the zone ${HOST} in mode Full (strict). The Ingress names Secret example-com-tls, which does ` +
      `not exist: the origin shows its own "${FAKE_NAME}".`,
  );
  const visited = await visit(narrator, stage);
  if (visited.status !== 526) throw new Error(`expected a 526, got ${visited.status}: ${visited.detail}`);
  narrator.bad(`526: ${visited.detail}`);
  return stage;
}

async function operatorInstalled(
  narrator: Narrator,
  stage: Stage,
  stack: AsyncDisposableStack,
): Promise<OperatorProcess> {
  narrator.command('kubectl apply --server-side -k deploy');
  const { operator, installed } = await installOperator(stage, stack);
  narrator.report(
    `${installed.length} objects: ${[...new Set(installed.map(({ kind }) => kind))].join(', ')}`,
  );
  narrator.say(
    'There is no node here to run its pods, so it runs as a process of its own, with the token of its ServiceAccount ' +
      `and with its waits shortened: ${SHORT_WAITS.join(' ')}.`,
  );
  narrator.good(`ready ${(operator.readyMs / 1000).toFixed(1)} s after its start, process ${operator.pid}`);
  return operator;
}

async function certificateReady(narrator: Narrator, stage: Stage): Promise<string> {
  const { kube, token } = stage;
  narrator.command(
    `kubectl apply -n ${NAMESPACE} -f deploy/examples/issuer.yaml -f deploy/examples/certificate.yaml`,
  );
  const issuer = (await readManifests('deploy/examples/issuer.yaml')).map((object) =>
    object.kind === 'Secret' ? { ...object, stringData: { 'api-token': token } } : object,
  );
  const startMs = performance.now();
  const watched = watchTable(stage, `/apis/originca.dev/v1alpha1/namespaces/${NAMESPACE}/origincertificates`);
  const objects = [...issuer, ...(await readManifests('deploy/examples/certificate.yaml'))];
  await applyManifests(kube, objects, { namespace: NAMESPACE });
  const certificate = await issuedAfter(stage, undefined);
  const readyMs = performance.now() - startMs;
  narrator.command(`kubectl get -n ${NAMESPACE} origincertificates --watch`);
  narrator.table(await watched());
  narrator.command(`kubectl get -n ${NAMESPACE} secret example-com-tls`);
  const secrets = await stage.kubectl.table(
    `/api/v1/namespaces/${NAMESPACE}/secrets?fieldSelector=metadata.name%3Dexample-com-tls`,
  );
  narrator.table(secrets);
  const hostnames = certificate.hostnames.join(', ');
  narrator.good(
    `a pair for ${hostnames} from Cloudflare's Origin CA, ${Math.round(readyMs)} ms after the apply`,
  );
  return certificate.id;
}

async function siteServed(narrator: Narrator, stage: Stage, id: string): Promise<void> {
  narrator.say('The origin watches the Secret through the API, as ingress-nginx does, and serves it by SNI.');
  const visited = await waitFor(
    `the origin to serve certificate ${id}`,
    async () => {
      const answer = await stage.simulator.visit(HOST);
      return answer.certificateSerial === id ? answer : new NotYet(answer);
    },
    PATIENCE,
  );
  narrator.command(`curl -sI https://${HOST}/`);
  if (visited.status !== 200) throw new Error(`expected a 200, got ${visited.status}: ${visited.detail}`);
  narrator.good(`200: the origin showed certificate ${id}`);
}

async function renewed(narrator: Narrator, stage: Stage, former: string): Promise<string> {
  const { origin, simulator } = stage;
  const ca = await readFile(simulator.originCaRootsFile, 'utf8');
  const client = new SteadyClient({ host: HOST, port: origin.port, ca });
  try {
    const seen = (serial: string): Promise<unknown> =>
      waitFor(
        `${HANDSHAKES} handshakes with certificate ${serial}`,
        () => (client.seen.get(serial) ?? 0) >= HANDSHAKES || new NotYet([client.seen, client.failures]),
        PATIENCE,
      );
    await seen(former);
    await requestRenewal(narrator, stage);
    const { id } = await issuedAfter(stage, former);
    await seen(id);
    await client.stop();
    narrator.table([
      ['HANDSHAKES', 'CERTIFICATE', ''],
      ...[...client.seen].map(([serial, n]) => [String(n), serial, serial === id ? 'new' : 'former']),
    ]);
    const [failure] = client.failures;
    if (failure)
      throw new Error(`${client.failures.length} handshakes failed: ${failure.message}`, { cause: failure });
    narrator.good(`${client.handshakes} handshakes, 0 failed; the new certificate is served`);
    const { status, detail } = await visit(narrator, stage);
    if (status !== 200) throw new Error(`expected a 200, got ${status}: ${detail}`);
    narrator.good('200 through Cloudflare with the new certificate');
    return id;
  } finally {
    await client.stop();
  }
}

async function recovered(narrator: Narrator, stage: Stage, former: string): Promise<string> {
  const { simulator } = stage;
  const posts = async (): Promise<number> =>
    (await simulator.requests({ operation: 'createCertificate' })).length;
  const before = { certificates: (await simulator.certificates()).length, posts: await posts() };
  await simulator.inject({ operation: 'createCertificate', resetAfter: true });
  narrator.say('Cloudflare will make the next certificate, but the connection breaks before it answers.');
  await requestRenewal(narrator, stage);
  const trouble = await waitFor('the lost answer to be noticed', () => issuingTrouble(stage), PATIENCE);
  narrator.command(`kubectl describe -n ${NAMESPACE} origincertificate ${CERTIFICATE}`);
  narrator.report('Ready: True  (the former certificate goes on being served)');
  narrator.report(`Issuing: ${trouble}`);
  const startMs = performance.now();
  const { id } = await issuedAfter(stage, former);
  const made = (await simulator.certificates()).length - before.certificates;
  const sent = (await posts()) - before.posts;
  if (made !== 1 || sent !== 1) throw new Error(`${sent} requests made ${made} certificates, not 1 and 1`);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  narrator.good(`${seconds} s later certificate ${id} is found at Cloudflare by its key, and written`);
  narrator.good('asked for once, made once: no second certificate, none lost');
  return id;
}

async function measured(narrator: Narrator, operator: OperatorProcess): Promise<void> {
  narrator.command(`curl -s ${operator.url}/metrics | grep ^originca_ # (some)`);
  const lines = (await operator.metrics()).split('\n').filter((line) => SHOWN.test(line));
  if (lines.length === 0) throw new Error('the operator shows no metrics of its own');
  for (const line of lines) narrator.output(line);
}
