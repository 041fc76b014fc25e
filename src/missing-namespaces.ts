import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { KubeClient } from './kube/client.ts';
import { KubeError } from './kube/errors.ts';
import { namespaces } from './kube/resource.ts';
import { problemOf } from './problem.ts';

export interface MissingNamespacesOptions {
  readonly kube: Pick<KubeClient, 'get'>;
  readonly log: Pick<Logger, 'warn' | 'debug'>;
  readonly config: Pick<Config, 'watchNamespaces' | 'leaderElect'>;
  readonly operatorNamespace: string;
  readonly stop: AbortSignal;
}

const WATCHED = 'the namespace to watch does not exist: nothing is served in it until it does';
const OPERATORS =
  'the operator namespace does not exist, and with it no token of a ClusterOriginIssuer or OriginZone: create it, or name another with --operator-namespace';

/**
 * Warns of namespaces that do not exist: their lists are empty, which nobody would miss. With leader election a missing
 * operator namespace is told by the Lease, which cannot be had.
 */
export async function tellMissingNamespaces(options: MissingNamespacesOptions): Promise<void> {
  const { config, operatorNamespace } = options;
  const looks = config.watchNamespaces.map((name) => look(options, name, WATCHED));
  if (!config.leaderElect) looks.push(look(options, operatorNamespace, OPERATORS));
  await Promise.all(looks);
}

/** Who may not look says nothing: there may be no right to read namespaces, and none is needed for anything else. */
async function look(
  { kube, log, stop }: MissingNamespacesOptions,
  namespace: string,
  warning: string,
): Promise<void> {
  try {
    const found = await kube.get(namespaces, { name: namespace }, { signal: stop });
    if (found === undefined) log.warn({ namespace }, warning);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    log.debug({ namespace, problem: problemOf(error) }, 'whether the namespace exists is not known');
  }
}
