import { USER, CRASH, FAULT, CRASH_USER, FAULT_USER, edit, type Mutation } from './mutation.ts';

/** The rules by which a pending Secret is brought to its end, whatever became of its certificate. */
export const SETTLING: readonly Mutation[] = [
  {
    rule: 'status before the pending Secret is deleted, and before a new one is made',
    world: { ...CRASH_USER, start: 'issued', user: 2, deeds: ['ask for renewal', 'edit hostnames'] },
    states: 5_432,
    edits: [edit('controller.ts', 'if (mustReportFirst(seen.world, action)) seen', 'if (false) seen')],
  },
  {
    rule: 'status before a former Secret is let go that alone knows what it replaced',
    world: { ...USER, start: 'issued', user: 4, deeds: ['edit hostnames', 'rename Secret'] },
    states: 32_391,
    edits: [edit('controller.ts', 'return tellsMore(certificate, action.former);', 'return false;')],
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
      edit('settle.ts', 'import { find }', "import { revoke } from './revoke.ts';\nimport { find }"),
    ],
  },
  {
    rule: 'what a Secret holds is not revoked',
    world: { ...CRASH_USER, user: 2, deeds: ['take label off Secret', 'delete object'] },
    states: 3_828,
    edits: [edit('guard.ts', 'if (holder) return', 'if (false) return')],
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
    edits: [edit('pending-memory.ts', 'known.unansweredWrite = this.#options.clock.monotonic();', '')],
  },
  {
    rule: 'an answered write does not stand for an earlier one that was not',
    world: { ...FAULT_USER, fault: 3, deeds: ['edit hostnames'] },
    states: 1_290_057,
    edits: [
      edit(
        'pending-memory.ts',
        'if (known) known.unansweredWrite = known.earlierUnansweredWrite;',
        'if (known) known.unansweredWrite = undefined;',
      ),
    ],
  },
  {
    rule: 'first sight of a pending Secret counts as a write that may still come',
    world: { ...CRASH_USER, fault: 2, deeds: ['edit hostnames'] },
    states: 1_173_679,
    edits: [edit('pending-memory.ts', 'known.madeHere ? -Infinity : known.firstSight', '-Infinity')],
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
