import type { SecretFacts } from '../secret-facts.ts';
import type { Action } from './action.ts';
import type { CertManagerKeeper } from './cert-manager.ts';
import type { Living } from './world.ts';

/** How often a Secret that cannot be taken over is looked at: it bears no label of ours, so no watch tells. */
const LOOK_MS = 30_000;

const TYPES: ReadonlySet<string> = new Set(['kubernetes.io/tls', 'Opaque']);

/**
 * What becomes of a Secret that is not ours where the spec says `existingSecret: Adopt`: it is taken over as it is, or
 * it is said what stands against that and which command helps. A pair that is broken, expired or for other hostnames
 * serves nobody who asks for these, so it is taken over and replaced. One that another authority signed may serve
 * browsers well, and is not.
 */
export function adoption({ certificate, holder }: Living, target: SecretFacts): Action {
  const keeper = holder.kind === 'foreign' ? holder : {};
  const problem = hindrance(certificate.metadata.namespace, target, keeper);
  if (problem === undefined) return { type: 'Adopt', target };
  return { type: 'Refuse', reason: 'AdoptRefused', message: problem, retryMs: LOOK_MS };
}

function hindrance(
  namespace: string,
  target: SecretFacts,
  { keptBy, doubt }: CertManagerKeeper,
): string | undefined {
  const { name, pair } = target;
  const secret = `-n ${namespace} get secret ${name} -o json`;
  const elsewhere = 'or name another Secret in spec.secretName and move its readers there';
  if (!TYPES.has(target.type)) {
    return (
      `Secret ${name} is of type ${target.type}; only kubernetes.io/tls and Opaque Secrets can be taken over, and no ` +
      `Secret can change its type. Make it anew (its readers see it missing for a moment): ` +
      `kubectl ${secret} | jq '.type="kubernetes.io/tls"' | kubectl replace --force -f - ; ${elsewhere}.`
    );
  }
  if (target.immutable) {
    return (
      `Secret ${name} is immutable, so it could never be renewed. Make it anew (its readers see it missing for a ` +
      `moment): kubectl ${secret} | jq 'del(.immutable)' | kubectl replace --force -f - ; ${elsewhere}.`
    );
  }
  if (keptBy !== undefined) {
    return (
      `Secret ${name} is kept by cert-manager's Certificate ${keptBy}, which would write it again. Delete that and ` +
      `leave the Secret: kubectl -n ${namespace} delete certificates.cert-manager.io ${keptBy} --cascade=orphan ` +
      '(and first take annotations cert-manager.io/issuer and cert-manager.io/cluster-issuer off an Ingress or Gateway that makes it).'
    );
  }
  if (doubt !== undefined) {
    return (
      `Whether cert-manager keeps Secret ${name} cannot be found out: ${doubt}. Let the operator list its ` +
      'Certificates: kubectl apply --server-side -k deploy (or the overlay in use) of this version grants that.'
    );
  }
  if (target.type === 'Opaque' && pair.state === 'MissingData') {
    return (
      `Secret ${name} is of type Opaque and holds no pair (${pair.problem}): it seems to be for something else. ` +
      'Name another Secret in spec.secretName.'
    );
  }
  if (pair.state === 'Matching' && !pair.certificate.trusted) {
    return (
      `Secret ${name} holds a certificate by "${pair.certificate.issuer}", which is no Origin CA root that this ` +
      `operator trusts; whoever trusts that one need not trust ours. Name another Secret in spec.secretName and move ` +
      `its readers there, or give this one up (what serves it has no pair until ours is written): ` +
      `kubectl -n ${namespace} delete secret ${name}`
    );
  }
  return undefined;
}
