import { kubernetesVersion } from './catalog.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { askedToEnd } from './end.ts';
import { errorMessage } from './errors.ts';
import { sayUsage } from './usage.ts';

/**
 * `npm run control-plane`: starts one, prints the path of its kubeconfig on stdout, and runs until Ctrl-C.
 * Exit code 2 for a wrong argument or KUBERNETES_VERSION, 1 when it cannot be started.
 */

const USAGE = 'npm run control-plane: runs a Kubernetes control plane until Ctrl-C; takes no flags';

function checkInput(): void {
  const usageCode = sayUsage(process.argv.slice(2), USAGE);
  if (usageCode !== undefined) process.exit(usageCode);
  try {
    kubernetesVersion(process.env['KUBERNETES_VERSION']);
  } catch (error) {
    console.error(errorMessage(error));
    process.exit(2);
  }
}

async function start(): Promise<ControlPlane> {
  try {
    return await startControlPlane();
  } catch (error) {
    console.error(errorMessage(error));
    process.exit(1);
  }
}

function hint({ version, apiServerUrl, kubeconfigPath }: ControlPlane, seconds: string): string {
  return [
    `Kubernetes ${version} is up at ${apiServerUrl} after ${seconds} s. In another terminal:`,
    `  export KUBECONFIG=${kubeconfigPath}`,
    '  kubectl apply --server-side -k crds',
    '  kubectl get namespaces',
    'Ctrl-C ends it and removes everything it made.',
  ].join('\n');
}

checkInput();
const startMs = performance.now();
const asked = askedToEnd();
const controlPlane = await Promise.race([start(), asked]);
// Half started: the guardian ends what is there.
if (controlPlane === 'asked') process.exit(130);
console.log(controlPlane.kubeconfigPath);
console.error(hint(controlPlane, ((performance.now() - startMs) / 1000).toFixed(1)));
await asked;
await controlPlane.stop();
