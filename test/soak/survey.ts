import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import { PENDING_SECRET_TYPE } from '../../src/api/names.ts';
import { inspectPair, type PairFacts } from '../../src/pki/inspect.ts';
import { decode } from '../../src/secret-facts.ts';
import type { Stage } from './stage.ts';
import type { Users } from './users.ts';
import { hostnamesOf, secretNameOf, TEMPLATE_LABEL, type Wish } from './wish.ts';

/** How all objects are now. */
export interface Survey {
  /** What is wrong with an object that does not say so, by its slot. */
  readonly problems: ReadonlyMap<string, string>;
  /** What an object says is in its way. */
  readonly refusals: ReadonlyMap<string, string>;
  /** Objects whose certificate people revoked: they look well until the next listing of the zone. */
  readonly revoked: readonly string[];
  /** Objects that are being deleted. */
  readonly leaving: readonly string[];
  /** Wanted, and not there: what people apply to an object that is being deleted goes with it. */
  readonly missing: readonly string[];
  /** Names of the pending Secrets. */
  readonly pendings: readonly string[];
}

export async function look(stage: Stage, users: Users): Promise<Survey> {
  const [objects, all] = await Promise.all([stage.certificates(), stage.secrets()]);
  const problems = new Map<string, string>();
  const refusals = new Map<string, string>();
  const revoked: string[] = [];
  const leaving: string[] = [];
  for (const object of objects) {
    const { deletionTimestamp, namespace } = object.metadata;
    const name = stage.places.slotOf(object.metadata);
    if (deletionTimestamp !== undefined) {
      leaving.push(name);
      continue;
    }
    const wish = users.wishes.get(name);
    const target = all.find(
      ({ metadata }) => metadata.namespace === namespace && metadata.name === object.spec.secretName,
    );
    const text = (key: string): string => decode(target?.data?.[key]) ?? '';
    const pair = inspectPair(text('tls.crt'), text('tls.key'), stage.roots);
    const byHand = pair.state === 'Matching' && users.adoptions.byHand.has(pair.certificate.id);
    const problem = problemOf(object, name, wish, {
      pair,
      byHand,
      label: target?.metadata.labels?.[TEMPLATE_LABEL],
    });
    if (pair.state === 'Matching' && users.revoked.has(pair.certificate.id)) revoked.push(name);
    if (problem === undefined) continue;
    const refusal = refusalOf(object);
    if (refusal !== undefined) refusals.set(name, refusal);
    else problems.set(name, problem);
  }
  const missing = [...users.wishes.keys()].filter((slot) =>
    objects.every(({ metadata }) => stage.places.slotOf(metadata) !== slot),
  );
  const pendings = all
    .filter(({ type }) => type === PENDING_SECRET_TYPE)
    .map(({ metadata }) => metadata.name ?? '');
  return { problems, refusals, revoked, leaving, missing, pendings };
}

/** What the Secret of an object holds. */
interface Held {
  readonly pair: PairFacts;
  readonly byHand: boolean;
  readonly label: string | undefined;
}

function problemOf(
  object: OriginCertificate,
  slot: string,
  wish: Wish | undefined,
  { pair, byHand, label }: Held,
): string | undefined {
  const { metadata, spec, status } = object;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True')
    return `Ready is ${ready?.status ?? 'absent'} (${ready?.reason ?? 'no status'})`;
  if (ready.observedGeneration !== metadata.generation) return 'its last spec was not seen';
  if (pair.state !== 'Matching') return `its Secret holds no pair: ${pair.problem}`;
  if (!pair.certificate.trusted) return 'its Secret holds a pair of somebody else';
  if (wish === undefined) return undefined;
  if (secretNameOf(slot, wish) !== spec.secretName) return 'its spec is not what people want';
  const wanted = hostnamesOf(slot, wish).toSorted().join();
  if (pair.certificate.hostnames.join() !== wanted)
    return `its Secret is for ${pair.certificate.hostnames.join(', ')}`;
  if (!byHand && pair.certificate.algorithm !== wish.algorithm)
    return `its key is ${pair.certificate.algorithm}`;
  if (label !== String(wish.label)) return `the label of its Secret is ${label ?? 'gone'}`;
  return undefined;
}

/** Why an object is not Ready, in its own words. */
function refusalOf({ status, metadata }: OriginCertificate): string | undefined {
  const issuing = status?.conditions?.find(({ type }) => type === 'Issuing');
  const isCurrent = issuing?.observedGeneration === metadata.generation;
  return isCurrent && issuing.status === 'False' ? issuing.reason : undefined;
}
