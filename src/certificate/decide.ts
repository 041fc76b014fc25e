import { ANNOTATION, MANAGED, MANAGED_LABEL } from '../api/names.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import { isTemporary } from '../pki/temporary.ts';
import { isLabelled, type SecretFacts } from '../secret-facts.ts';
import { type Action, isRest } from './action.ts';
import { isProtected, needsProtection } from './finalizer.ts';
import { gate } from './gates.ts';
import { goodCertificate, holdsTemporary, issueReason, recordOf, replacedCertificate } from './judge.ts';
import { decideLeaving } from './leaving.ts';
import { meanwhile, nextLookAt, revokeSuperseded, sooner } from './meanwhile.ts';
import { sameNames } from './need.ts';
import { pause } from './pause.ts';
import { decidePending } from './pending-rules.ts';
import { ownerDifferences } from './owner.ts';
import { damagedAnnotations } from './record.ts';
import { replacedEntry } from './superseded.ts';
import { dueTwins } from './twins.ts';
import { isLiving, type Living, type World } from './world.ts';

type Check = (world: Living) => Action | undefined;

/** The whole behaviour of an OriginCertificate: the first check that answers says what to do next. */
const CHECKS: readonly Check[] = [
  pause, // nothing is issued or written
  protect, // before the first POST, and before anything is noted that a deletion would forget
  copyToNewName, // before a pending issuance, which may be for the new name, is called finished
  adopt, // before a pending issuance, which may be needless then
  mend, // labels, annotations, owner and outputs, without issuing; a former target; never in the way of what follows
  bridge, // what follows would leave the Secret without any pair for a while
  pendingIssuance, // before every other reason to issue, and before "nothing to do"
  secretIsNotOurs, // nothing is asked for that could not be written
  issue, // the pair is absent, bad, revoked, due, or not what the spec says
  revokeSuperseded, // nothing else is to be done, so nothing waits for it
  revokeTwins, // found by the slow check: what they were issued for is in order
  unprotect, // nothing is left that a deletion would have to wait for
  mendLater, // what could not be mended is said, and tried again
  done,
];

/** Pure and total: the same world always yields the same action. */
export function decide(world: World): Action {
  if (world.leaving) return decideLeaving(world, world.leaving);
  if (!isLiving(world)) return decidePending(world) ?? { type: 'Done' };
  for (const check of CHECKS) {
    const action = check(world);
    if (action) return isRest(action) && check !== pause ? meanwhile(world, action) : action;
  }
  return { type: 'Done' };
}

function protect(world: Living): Action | undefined {
  return needsProtection(world) && !isProtected(world.certificate) ? { type: 'Protect' } : undefined;
}

function unprotect(world: Living): Action | undefined {
  return !needsProtection(world) && isProtected(world.certificate) ? { type: 'Unprotect' } : undefined;
}

function copyToNewName(world: Living): Action | undefined {
  const { certificate, target, formers, holder } = world;
  const isFree = target === undefined || (holdsTemporary(target) && !target.immutable);
  if (!isFree || holder.kind !== 'this') return undefined;
  const from = formers.find((former) => goodCertificate(certificate, former, world) !== undefined);
  return from && (gate(world, 'copy') ?? { type: 'Copy', from });
}

function adopt(world: Living): Action | undefined {
  const action = gate(world, 'target');
  return action?.type === 'Adopt' ? action : undefined;
}

function mend(world: Living): Action | undefined {
  return isMendingHeldBack(world) ? undefined : toMend(world);
}

function mendLater(world: Living): Action | undefined {
  const { mendFailure: failure, now } = world;
  if (failure === undefined || !isMendingHeldBack(world) || toMend(world) === undefined) return undefined;
  return {
    type: 'Refuse',
    reason: failure.reason,
    message: failure.message,
    retryMs: failure.nextTime - now,
  };
}

function isMendingHeldBack({ mendFailure, now }: Living): boolean {
  return mendFailure !== undefined && mendFailure.nextTime > now;
}

/** What is not as it should be around a pair that is. */
function toMend({ certificate, target, holder, formers }: Living): Action | undefined {
  if (target === undefined || holder.kind !== 'this') return undefined;
  // What nobody issued takes the place of nothing: until there is better, a former Secret tells what was issued last.
  const isBare = replacedCertificate(target) === undefined;
  const former = formers.find((each) => !isBare || replacedCertificate(each) === undefined);
  if (former) return { type: 'Release', former };
  if (target.pair.state !== 'Matching' || target.immutable) return undefined;
  const record = recordOf(certificate, target, target.pair.certificate);
  const found = [
    ...(isLabelled(target, MANAGED.target) ? [] : [`label ${MANAGED_LABEL}`]),
    ...damagedAnnotations(target, record),
    ...ownerDifferences(certificate, target, record.adopted),
    ...templateDifferences(certificate, target),
    ...outputDifferences(certificate, target),
  ];
  return found.length === 0 ? undefined : { type: 'Rewrite', target, why: found.join(', ') };
}

function bridge(world: Living): Action | undefined {
  const { certificate, holder } = world;
  if (!certificate.spec.temporaryCertificate || holder.kind !== 'this' || !lacksAnyPair(world))
    return undefined;
  const next = pendingIssuance(world) ?? issue(world);
  // An issuer that is looked at for the first time is known in a moment; and something takes the Secret away in a loop.
  if (next === undefined || !isRest(next) || next.type === 'AwaitIssuer') return undefined;
  if (next.type === 'Refuse' && next.reason === 'IssuanceLoop') return undefined;
  const shut = gate(world, 'copy');
  if (shut === undefined) return { type: 'Bridge' };
  // Who waits for an issuer looks again after a while; a pair that could not be stored is tried again before that.
  const isRetried = shut.type === 'Refuse' && shut.retryMs !== undefined && next.type !== 'Done';
  return isRetried ? sooner(next, world.now + shut.retryMs, world.now) : undefined;
}

/** There is no Secret, or only a temporary pair that does not fit the spec any more. */
function lacksAnyPair({ certificate: { spec }, target, now }: Living): boolean {
  if (target === undefined) return true;
  if (target.pair.state !== 'Matching' || target.immutable) return false;
  const facts = target.pair.certificate;
  return isTemporary(facts) && (facts.notAfter <= now || !sameNames(spec.hostnames, facts.hostnames));
}

function pendingIssuance(world: Living): Action | undefined {
  return decidePending(world);
}

function secretIsNotOurs(world: Living): Action | undefined {
  return gate(world, 'target');
}

function issue(world: Living): Action | undefined {
  const reason = issueReason(world);
  if (reason === undefined) return undefined;
  const shut = gate(world, 'issuance', reason);
  if (shut) return shut;
  // What is missing for that is said before anything is asked for, not when the new one is to be written.
  const willOwe = replacedEntry(world) !== undefined;
  return willOwe && !isProtected(world.certificate) ? { type: 'Protect' } : { type: 'Issue', reason };
}

function revokeTwins(world: Living): Action | undefined {
  const twins = dueTwins(world);
  if (twins.length === 0) return undefined;
  return gate(world, 'revoke') ?? { type: 'RevokeTwins', twins };
}

function done(world: Living): Action | undefined {
  return world.target?.pair.state === 'Matching' ? { type: 'Done', wakeAt: nextLookAt(world) } : undefined;
}

function templateDifferences({ spec }: OriginCertificate, target: SecretFacts): string[] {
  const ours: ReadonlySet<string> = new Set([MANAGED_LABEL, ...Object.values<string>(ANNOTATION)]);
  const compare = (kind: 'labels' | 'annotations', wanted: Readonly<Record<string, string>> = {}): string[] =>
    [
      ...Object.keys(wanted).filter((key) => target[kind][key] !== wanted[key]),
      ...target.owned[kind].filter((key) => !ours.has(key) && !(key in wanted)),
    ].map((key) => `template ${kind} ${key}`);
  return [
    ...compare('labels', spec.secretTemplate?.labels),
    ...compare('annotations', spec.secretTemplate?.annotations),
  ];
}

function outputDifferences({ spec }: OriginCertificate, target: SecretFacts): string[] {
  const outputs = [
    { name: 'CombinedPEM', key: 'tls-combined.pem', state: target.outputs.combinedPem },
    { name: 'CABundle', key: 'ca.crt', state: target.outputs.caBundle },
  ] as const;
  return outputs
    .filter(({ name, key, state }) =>
      spec.additionalOutputs?.includes(name) ? state !== 'current' : target.owned.data.includes(key),
    )
    .map(({ name }) => `output ${name}`);
}
