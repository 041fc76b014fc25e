import { parseArgs } from 'node:util';
import { kubernetesVersion } from './catalog.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { errorMessage } from './errors.ts';

/**
 * `npm run control-plane`: starts one, prints the path of its kubeconfig on stdout, and runs until Ctrl-C.
 * Exit code 2 for a wrong argument or KUBERNETES_VERSION, 1 when it cannot be started.
 */

const PARENT_LOOK_MS = 500;

function checkInput(): void {
  try {
    parseArgs({ options: {} });
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
    '  kubectl apply -k crds',
    '  kubectl get namespaces',
    'Ctrl-C ends it and removes everything it made.',
  ].join('\n');
}

/** npm that is ended by SIGTERM ends its shell and leaves what the shell runs, that is us, behind. */
function onParentGone(then: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    then();
  }, PARENT_LOOK_MS);
  timer.unref();
}

checkInput();
const startMs = performance.now();
const asked = new Promise<'asked'>((resolve) => {
  // `on`, not `once`: npm passes on a Ctrl-C that the terminal has sent here already.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve('asked'));
  if (process.env['npm_lifecycle_event'] !== undefined) onParentGone(() => resolve('asked'));
});
const controlPlane = await Promise.race([start(), asked]);
// Half started: the guardian ends what is there.
if (controlPlane === 'asked') process.exit(130);
console.log(controlPlane.kubeconfigPath);
console.error(hint(controlPlane, ((performance.now() - startMs) / 1000).toFixed(1)));
await asked;
await controlPlane.stop();
