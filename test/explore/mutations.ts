import type { Edit } from './load.ts';
import type { World } from './worlds.ts';

/** A rule of the protocol, and how it is taken away. */
export interface Mutation {
  readonly rule: string;
  readonly edits: readonly Edit[];
  /** The smallest world that misses the rule. */
  readonly world: World;
  /** How many states it took to find a promise broken. */
  readonly states: number;
  /** Why nothing is broken without it, for a rule that another one backs up. */
  readonly spare?: string;
}

const CALM = { start: 'new', processes: 1, crash: 0, fault: 0, user: 0, switch: 0 } as const;
const USER = { ...CALM, user: 1 };
const CRASH = { ...CALM, crash: 1 };
const FAULT = { ...CALM, fault: 1 };
const CRASH_USER = { ...CALM, crash: 1, user: 1 };
const FAULT_USER = { ...CALM, fault: 1, user: 1 };
const LEADERS = { ...CALM, processes: 2, switch: 2 } as const;

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });

/** The rules of the design's "Issuing", one by one. Taking one away must break a promise. */
export const MUTATIONS: readonly Mutation[] = [
  {
    rule: 'the key is stored before the POST',
    world: CALM,
    states: 5,
    edits: [
      edit(
        'pending-io.ts',
        'return await context.kube.create(secrets, wanted, {',
        'return { ...wanted, metadata: { ...wanted.metadata, uid: "none" } } as Secret; await context.kube.create(secrets, wanted, {',
      ),
    ],
  },
  {
    rule: 'every issuance has a key of its own',
    world: USER,
    states: 326,
    edits: [
      edit(
        'issue.ts',
        'const { keys, privateKeyPem } = await generateKey(spec);',
        "const old = decode(seen.target?.data?.['tls.key']); const { keys, privateKeyPem } = old ? { keys: old.slice(4) as never, privateKeyPem: old } : await generateKey(spec);",
      ),
    ],
  },
  {
    rule: 'the pending Secret is created, never applied over another',
    world: CRASH,
    states: 72,
    edits: [
      edit(
        'pending-io.ts',
        'return await context.kube.create(secrets, wanted, { signal, fieldManager: FIELD_MANAGER.certificate });',
        'return await context.kube.apply(secrets, wanted, { signal, fieldManager: FIELD_MANAGER.certificate, force: true });',
      ),
    ],
  },
  {
    rule: 'the pending Secret has no owner',
    world: USER,
    states: 84,
    edits: [
      edit(
        'pending.ts',
        'name: pendingName(pending.certificateUid),',
        "name: pendingName(pending.certificateUid), ownerReferences: [{ apiVersion: '', kind: '', name: '', uid: pending.certificateUid }],",
      ),
    ],
  },
  {
    rule: 'posted-at is noted before the POST',
    world: CALM,
    states: 6,
    edits: [edit('pending.ts', '[ANNOTATION.postedAt]: pending.postedAt,', "[ANNOTATION.postedAt]: '',")],
  },
  {
    rule: 'a change of the pending Secret applies to what was read',
    world: FAULT_USER,
    states: 24_906,
    edits: [
      edit(
        'pending.ts',
        'uid: pending.uid,\n      resourceVersion: pending.resourceVersion,\n      annotations',
        'annotations',
      ),
    ],
  },
  {
    rule: 'a conflict on posted-at means observe again, never POST',
    world: { ...LEADERS, fault: 1 },
    states: 88_933,
    edits: [
      edit(
        'issue.ts',
        'if (patched === undefined) return OBSERVE;\n  const pending = readPending(secretFacts(patched, context.roots));\n  return post(context, { ...issuance, pending, pendingSecret: patched }, signal);',
        'if (patched === undefined) return post(context, issuance, signal);\n  const pending = readPending(secretFacts(patched, context.roots));\n  return post(context, { ...issuance, pending, pendingSecret: patched }, signal);',
      ),
    ],
  },
  {
    rule: 'only a definite refusal empties posted-at',
    world: FAULT,
    states: 365,
    edits: [edit('outcome.ts', 'if (!(error instanceof CloudflareError)) return false;', 'return true;')],
  },
  {
    rule: 'an unknown outcome is waited for before the search',
    world: CRASH,
    states: 152,
    edits: [
      edit(
        'pending-rules.ts',
        "if (world.waits.postMs > 0) return { type: 'Wait', ms: world.waits.postMs };\n  return gate(world, 'search')",
        "return gate(world, 'search')",
      ),
    ],
  },
  {
    rule: 'a posted-at value not seen before begins the wait anew',
    world: { ...LEADERS, fault: 1 },
    states: 120_530,
    edits: [
      edit(
        'memory.ts',
        'else if (known.postedAt !== pending.postedAt) this.#notePosted(known, pending.postedAt);',
        '',
      ),
    ],
  },
  {
    rule: 'the wait runs from the sending of the last POST',
    world: { ...FAULT, fault: 2 },
    states: 4_765,
    edits: [edit('memory.ts', 'if (known) this.#notePosted(known, postedAt);', '')],
  },
  {
    rule: 'only a listing that began after the wait counts',
    world: CRASH_USER,
    states: 14_387,
    edits: [
      edit('search.ts', 'const since = context.memory.postOverAt(pending);', 'const since = -Infinity;'),
    ],
  },
  {
    rule: 'only a complete listing counts',
    world: FAULT_USER,
    states: 14_386,
    edits: [edit('search.ts', 'listing === undefined || !listing.complete', 'listing === undefined')],
  },
  {
    rule: 'the search comes before another POST',
    world: CRASH,
    states: 204,
    edits: [edit('pending-rules.ts', "?? { type: 'Search', pending };", "?? { type: 'Post', pending };")],
  },
  {
    rule: 'the search passes over what is revoked or noted for revocation',
    world: { ...CRASH_USER, deeds: ['revoke at Cloudflare'] },
    states: 251,
    edits: [
      edit(
        'search.ts',
        '.filter(({ id, revokedAt }) => revokedAt === undefined && !pending.revoke.includes(id));',
        '.filter(() => true);',
      ),
    ],
  },
  {
    rule: 'the answer is checked before it is written',
    world: FAULT,
    states: 103,
    edits: [
      edit('verify.ts', 'if (problem !== undefined) return { ok: false, problem, ours: certificate };', ''),
    ],
  },
  {
    rule: 'a bad answer that bears our key is noted for revocation',
    world: FAULT,
    states: 491,
    edits: [edit('issue.ts', 'if (verdict.ours) {', 'if (Math.random() > 1 && verdict.ours) {')],
  },
  {
    rule: 'the object is read again before the target is written',
    world: FAULT_USER,
    states: 21_958,
    edits: [
      edit(
        'write.ts',
        'if (pending?.uid !== issuance.pending.uid || !isLiving(world) || isUnwanted(world, pending))',
        'if (pending === undefined || !isLiving(world))',
      ),
    ],
  },
  {
    rule: 'the first write of a target only creates',
    world: FAULT_USER,
    states: 23_384,
    edits: [edit('target.ts', ": { resourceVersion: '1' }),", ': {}),')],
  },
  {
    rule: 'a later write is for the target as it was read',
    world: { ...CRASH_USER, start: 'issued', user: 2, deeds: ['take label off Secret', 'ask for renewal'] },
    states: 4_646,
    edits: [edit('target.ts', '? { uid: existing.uid, resourceVersion: existing.resourceVersion }', '? {}')],
  },
  {
    rule: 'status before the pending Secret is deleted, and before a new one is made',
    world: { ...CRASH_USER, start: 'issued', user: 2, deeds: ['ask for renewal', 'edit hostnames'] },
    states: 5_432,
    edits: [
      edit(
        'controller.ts',
        'if (mustReportFirst(seen.world, action)) seen',
        'if (Math.random() > 1 && mustReportFirst(seen.world, action)) seen',
      ),
    ],
  },
  {
    rule: 'a pending Secret is looked at before anything else to do',
    world: CRASH,
    states: 658,
    edits: [
      edit(
        'decide.ts',
        '  pendingIssuance, // before every other reason to issue, and before "nothing to do"\n',
        '',
      ),
      edit('decide.ts', '  mendLater, //', '  pendingIssuance,\n  mendLater, //'),
    ],
  },
  {
    rule: 'finished is what bears the pending key',
    world: CRASH_USER,
    states: 32_411,
    edits: [
      edit(
        'pending-rules.ts',
        "if (isFinished(world, pending)) return { type: 'Discard', pending, why: 'its certificate is in place' };",
        '',
      ),
    ],
  },
  {
    rule: 'finished looks at former Secrets too',
    spare:
      'nothing is missed: the guard keeps what a former Secret holds and counts it as done, after a wait and a listing',
    world: { ...CRASH_USER, user: 2, deeds: ['rename Secret', 'edit hostnames'] },
    states: 66_161,
    edits: [
      edit(
        'pending-rules.ts',
        'return [...(target ? [target] : []), ...formers].some(holds);',
        'return [...(target ? [target] : []), ...formers.slice(formers.length)].some(holds);',
      ),
    ],
  },
  {
    rule: 'without its object a pending Secret is settled',
    world: USER,
    states: 413,
    edits: [
      edit(
        'pending-rules.ts',
        'if (!isLiving(world) || isUnwanted(world, pending)) return settle(world, pending);',
        "if (!isLiving(world)) return { type: 'Discard', pending, why: 'mutated' };\n  if (isUnwanted(world, pending)) return settle(world, pending);",
      ),
    ],
  },
  {
    rule: 'a pending Secret for another need is settled',
    world: CRASH_USER,
    states: 14_468,
    edits: [
      edit(
        'pending-rules.ts',
        'if (pending.need === undefined || difference(world.certificate.spec, pending.need) !== undefined)\n    return true;',
        '',
      ),
    ],
  },
  {
    rule: 'a pending Secret is settled when another good certificate is in place',
    world: CRASH,
    states: 270,
    edits: [edit('pending-rules.ts', 'return holdsAnotherGoodOne(world, pending);', 'return false;')],
  },
  {
    rule: 'what is noted for revocation can only be settled',
    world: FAULT,
    states: 358,
    edits: [edit('pending-rules.ts', 'if (pending.revoke.length > 0) return true;', '')],
  },
  {
    rule: 'settling waits like any unknown outcome',
    world: USER,
    states: 434,
    edits: [
      edit(
        'pending-rules.ts',
        "if (waits.postMs > 0) return { type: 'Wait', ms: waits.postMs };\n    return gate(world, 'settle')",
        "return gate(world, 'settle')",
      ),
    ],
  },
  {
    rule: 'settling searches',
    world: USER,
    states: 482,
    edits: [
      edit(
        'pending-rules.ts',
        "return gate(world, 'settle') ?? { type: 'Settle', pending };",
        "return { type: 'Discard', pending, why: 'mutated' };",
      ),
    ],
  },
  {
    rule: 'what settling finds is noted before it is revoked',
    world: { ...FAULT_USER, user: 2, deeds: ['edit hostnames'] },
    states: 18_959,
    edits: [
      edit(
        'settle.ts',
        "await patchPending(context, pending, { postedAt: '', revoke: [...pending.revoke, ...ids] }, signal);\n  return OBSERVE;",
        "return revoke(context, { pending: { ...pending, revoke: [...pending.revoke, ...ids] }, key: pending.namespace + '/' + pending.certificateName, otherIssuers: [] }, signal);",
      ),
      edit('settle.ts', 'import { find,', "import { revoke } from './revoke.ts';\nimport { find,"),
    ],
  },
  {
    rule: 'what a Secret holds is not revoked',
    world: { ...CRASH_USER, user: 2, deeds: ['take label off Secret', 'delete object'] },
    states: 3_828,
    edits: [edit('guard.ts', 'if (holder) return', 'if (Math.random() > 1 && holder) return')],
  },
  {
    rule: 'nothing is revoked that a write may still bring',
    world: { ...FAULT_USER, fault: 2, deeds: ['edit hostnames'] },
    states: 79_845,
    edits: [
      edit('pending-rules.ts', "if (waits.writeMs > 0) return { type: 'Wait', ms: waits.writeMs };", ''),
      edit(
        'guard.ts',
        "return found.writeMs > 0 ? { verdict: 'wait', ms: found.writeMs } : { verdict: 'revoke' };",
        "return { verdict: 'revoke' };",
      ),
    ],
  },
  {
    rule: 'an unanswered write of this process counts as one that may still come',
    world: { ...FAULT_USER, fault: 2, deeds: ['edit hostnames'] },
    states: 78_716,
    edits: [edit('memory.ts', 'known.unansweredWrite = this.#options.clock.monotonic();', '')],
  },
  {
    rule: 'an answered write does not stand for an earlier one that was not',
    world: { ...FAULT_USER, fault: 3, deeds: ['edit hostnames'] },
    states: 1_290_057,
    edits: [
      edit(
        'memory.ts',
        'if (known) known.unansweredWrite = known.earlierUnansweredWrite;',
        'if (known) known.unansweredWrite = undefined;',
      ),
    ],
  },
  {
    rule: 'first sight of a pending Secret counts as a write that may still come',
    world: { ...CRASH_USER, fault: 2, deeds: ['edit hostnames'] },
    states: 1_173_679,
    edits: [edit('memory.ts', 'known.madeHere ? -Infinity : known.firstSight', '-Infinity')],
  },
  {
    rule: 'the pending Secret is deleted as it was read',
    world: CRASH_USER,
    states: 7_613,
    edits: [
      edit(
        'pending-io.ts',
        'await context.kube.delete(secrets, pending, { signal, uid, resourceVersion });',
        'void resourceVersion; await context.kube.delete(secrets, pending, { signal });',
      ),
    ],
  },
  {
    rule: 'the pair is copied to a new name, not issued again',
    world: USER,
    states: 547,
    edits: [
      edit(
        'decide.ts',
        '  copyToNewName, // before a pending issuance, which may be for the new name, is called finished\n',
        '',
      ),
    ],
  },
  {
    rule: 'the request that was handled is recorded with the pair',
    world: { ...USER, start: 'issued' },
    states: 1_808,
    edits: [edit('write.ts', 'handledRenewRequest: pending.requests.renew,', "handledRenewRequest: '',")],
  },
  {
    rule: 'the certificate that is replaced is recorded with the pair',
    world: { ...USER, start: 'issued' },
    states: 85,
    edits: [edit('write.ts', "previousCertificateId: previous?.id ?? '',", "previousCertificateId: '',")],
  },
];
