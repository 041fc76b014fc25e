import { errorMessage } from '../programs/errors.ts';
import { kubernetesVersion } from '../programs/catalog.ts';
import { askedToEnd } from '../programs/end.ts';
import { sayUsage } from '../programs/usage.ts';
import { Narrator } from './narrator.ts';
import { NAMESPACE, type Stage } from './stage.ts';
import { tell } from './story.ts';

/**
 * `npm run demo`: the whole road, narrated. On a terminal it stays up until Ctrl-C, elsewhere it ends by itself.
 * Exit code 0 when all went as told, 1 when something did not, 2 for a wrong argument or KUBERNETES_VERSION, 130
 * when it was broken off. Nothing of it stays behind, whichever way it ends.
 */

const usage = 'npm run demo: narrates the whole road, from an empty cluster to strict; takes no flags';
const usageCode = sayUsage(process.argv.slice(2), usage);
if (usageCode !== undefined) process.exit(usageCode);
try {
  kubernetesVersion(process.env['KUBERNETES_VERSION']);
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exit(2);
}

const asked = askedToEnd();

process.exitCode = await demo();
// What was broken off half way may still hold a timer or a socket.
process.exit();

async function demo(): Promise<number> {
  const startMs = performance.now();
  const narrator = new Narrator(process.stdout, process.env);
  await using stack = new AsyncDisposableStack();
  try {
    const ended = await Promise.race([tell(narrator, stack), asked]);
    if (ended === 'asked') return 130;
    narrator.heading(`That was all, in ${Math.round((performance.now() - startMs) / 1000)} s.`);
    if (process.stdout.isTTY) {
      invite(narrator, ended);
      await asked;
    }
    return 0;
  } catch (error) {
    process.stderr.write(`\nThe demo did not go as told: ${errorMessage(error)}\n`);
    return 1;
  }
}

/** How to go on from here by hand. */
function invite(narrator: Narrator, { plane, simulator }: Stage): void {
  narrator.say('It stays up until you press Ctrl-C. In another terminal:');
  narrator.command(`export KUBECONFIG=${plane.kubeconfigPath}`);
  narrator.command(`kubectl get -n ${NAMESPACE} origincertificates,originissuers,secrets`);
  narrator.command(`kubectl describe -n ${NAMESPACE} origincertificate example-com`);
  narrator.command(`kubectl delete -n ${NAMESPACE} secret example-com-tls     # it comes back`);
  narrator.command(`kubectl get -n ${NAMESPACE} events`);
  narrator.say('What Cloudflare has, and what a visitor gets through its edge:');
  narrator.command(`curl -s ${simulator.controlUrl}/certificates -d '{}'`);
  narrator.command(`curl -s ${simulator.controlUrl}/visit -d '{"hostname":"example.com"}'`);
}
