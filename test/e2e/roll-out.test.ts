import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyManifests, readManifests } from '../support/manifests.ts';
import { issuedAfter } from '../demo/look.ts';
import { Narrator } from '../demo/narrator.ts';
import { HOST, installOperator, NAMESPACE, setStage, type Stage } from '../demo/stage.ts';
import { Visitor } from '../demo/visitor.ts';
import { brokenOrigin, flexibleZone, renewedUnderStrict, restored, rolledOut } from '../demo/zone-story.ts';

/** The second half of the demo with the operator as a process, and with as many visits as a busy hour brings. */

const VISITS = 10_000;
/** Alone it takes a sixth of this. */
const LIMIT_MS = 400_000;

const stack = new AsyncDisposableStack();
const silent = new Narrator({ write: () => undefined }, {});
let stage: Stage;

beforeAll(async () => {
  stage = await setStage(stack);
  await installOperator(stage, stack);
}, LIMIT_MS);
afterAll(() => stack.disposeAsync());

describe('a first roll-out', () => {
  test(
    'goes from flexible to strict and back again without a visitor seeing anything but 200',
    { timeout: LIMIT_MS },
    async () => {
      await flexibleZone(silent, stage);
      const visitors: Visitor[] = [];
      const startVisitor = (): Visitor => {
        const visitor = new Visitor(stage.simulator, HOST);
        visitors.push(visitor);
        return visitor;
      };
      const visitor = startVisitor();
      const certificate = await issued();
      await rolledOut(silent, stage, visitor);
      expect(await changedSettings()).toEqual(['ssl_automatic_mode', 'ssl', 'ssl']);
      await restored(silent, stage, visitor);
      expect(await changedSettings()).toEqual(['ssl_automatic_mode', 'ssl', 'ssl', 'ssl', 'ssl']);
      await visitor.stop();
      const unserved = await brokenOrigin(silent, stage, certificate);
      await renewedUnderStrict(silent, stage, unserved, { startVisitor, visits: VISITS });
      console.log(`${visitors.reduce((sum, { visits }) => sum + visits, 0)} visits, none failed`);
      // A broken origin changed nothing at Cloudflare, and neither did the renewals.
      expect(await changedSettings()).toHaveLength(5);
    },
  );
});

/** The certificate of deploy/examples, served by the origin. */
async function issued(): Promise<string> {
  const { kube, token } = stage;
  const objects = [
    ...(await readManifests('deploy/examples/ingress-nginx.yaml')),
    ...(await readManifests('deploy/examples/issuer.yaml')).map((object) =>
      object.kind === 'Secret' ? { ...object, stringData: { 'api-token': token } } : object,
    ),
    ...(await readManifests('deploy/examples/certificate.yaml')),
  ];
  await applyManifests(kube, objects, { namespace: NAMESPACE });
  return (await issuedAfter(stage, undefined)).id;
}

/** The settings that were changed over the API, in order. */
async function changedSettings(): Promise<(string | undefined)[]> {
  const requests = await stage.simulator.requests({ operation: 'patchSetting' });
  return requests.map(({ path }) => path.split('/').at(-1));
}
