import {
  CALM,
  USER,
  CRASH,
  FAULT,
  CRASH_USER,
  FAULT_USER,
  LEADERS,
  edit,
  type Mutation,
} from './mutation.ts';

/** The rules by which a certificate is asked for, found again and written. */
export const ISSUING: readonly Mutation[] = [
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
        'pending-memory.ts',
        'else if (known.postedAt !== pending.postedAt) this.#notePosted(known, pending.postedAt);',
        '',
      ),
    ],
  },
  {
    rule: 'the wait runs from the sending of the last POST',
    world: { ...FAULT, fault: 2 },
    states: 4_765,
    edits: [edit('pending-memory.ts', 'if (known) this.#notePosted(known, postedAt);', '')],
  },
  {
    rule: 'only a listing that began after the wait counts',
    world: CRASH_USER,
    states: 14_387,
    edits: [
      edit(
        'search.ts',
        'const since = context.memory.pendings.postOverAt(pending);',
        'const since = -Infinity;',
      ),
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
    edits: [edit('issue.ts', 'if (verdict.ours) {', 'if (false) {')],
  },
  {
    rule: 'the object is read again before the target is written',
    spare:
      'nothing is missed, also not in 3,000,000 states of two leaders: what was written is replaced by the next pass',
    world: { ...LEADERS, user: 1, deeds: ['edit hostnames'] },
    states: 60_876,
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
    rule: 'a certificate that is in place already is not written again',
    spare: 'nothing is missed: the status tells what was replaced before the Secret is let go that knows it',
    world: { ...FAULT_USER, start: 'issued', user: 2, deeds: ['edit hostnames', 'rename Secret'] },
    states: 14_637,
    edits: [edit('write.ts', 'if (isFinished(world, pending)) return OBSERVE;', '')],
  },
  {
    rule: 'the status tells what former Secrets know was replaced',
    world: { ...USER, start: 'issued', user: 3, deeds: ['edit hostnames', 'rename Secret'] },
    states: 10_000,
    edits: [edit('superseded.ts', '...formerRecords(world)]', ']')],
  },
];
