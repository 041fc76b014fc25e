import { CloudflareApi } from '../../../src/cloudflare/api.ts';
import { Budget } from '../../../src/cloudflare/budget.ts';
import { systemClock } from '../../../src/clock.ts';
import { Simulator } from '../../simulator/client.ts';
import { kubeClient, OPERATOR_ACCOUNT } from '../../support/kube-clients.ts';
import { kustomizeBuild } from '../../support/kustomize.ts';
import { applyManifests } from '../../support/manifests.ts';
import { trust } from '../../support/scene-operator.ts';
import type { Theatre } from './stage.ts';

/** A simulator and clients of the control plane, with what is in `deploy/`. */
export async function openTheatre(): Promise<Theatre & AsyncDisposable> {
  const [simulator, admin] = await Promise.all([Simulator.start(), kubeClient()]);
  await applyManifests(admin, await kustomizeBuild('deploy'));
  await trust(simulator.caFile);
  const operator = await kubeClient({ serviceAccount: OPERATOR_ACCOUNT });
  const budget = new Budget({ ratePerSecond: 0, burst: 1, clock: systemClock });
  const api = new CloudflareApi({
    baseUrl: simulator.apiUrl,
    budget,
    clock: systemClock,
    postTimeoutMs: 5000,
    env: {},
  });
  return {
    simulator,
    admin,
    operator,
    api,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([simulator.stop(), admin.close(), operator.close(), api.close()]);
    },
  };
}
