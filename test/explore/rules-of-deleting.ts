import { CALM, CRASH_USER, edit, FAULT_USER, type Mutation, USER } from './mutation.ts';

const ON_DELETE = { asks: { onDelete: 'Revoke' } } as const;
const ISSUED = { ...CALM, ...ON_DELETE, start: 'issued', user: 1 } as const;

/** The rules by which what an object had is revoked with it, and its deletion is never held for long. */
export const DELETING: readonly Mutation[] = [
  {
    rule: 'an object whose deletion revokes is protected before the first POST',
    world: { ...USER, ...ON_DELETE, deeds: ['delete object'] },
    states: 68,
    edits: [
      edit(
        'decide.ts',
        '  protect, // before the first POST, and before anything is noted that a deletion would forget\n',
        '',
      ),
    ],
  },
  {
    rule: 'the finalizer stays while something is owed',
    world: { ...ISSUED, asks: {}, user: 2, deeds: ['ask for rekey', 'delete object'] },
    states: 249,
    edits: [edit('finalizer.ts', ' || owed(world).length > 0', '')],
  },
  {
    rule: 'the finalizer is there before what is owed is replaced',
    world: { ...ISSUED, asks: {}, user: 2, deeds: ['ask for rekey', 'delete object'] },
    states: 505,
    edits: [
      edit(
        'decide.ts',
        "return willOwe && !isProtected(world.certificate) ? { type: 'Protect' } : { type: 'Issue', reason };",
        "return { type: 'Issue', reason };",
      ),
      edit(
        'note-replaced.ts',
        'const certificate = await setFinalizer(context, world.certificate, true, signal);',
        'const { certificate } = world;',
      ),
    ],
  },
  {
    rule: 'the finalizer is changed on the object as it was read',
    world: { ...ISSUED, asks: {}, user: 3, crash: 1, deeds: ['ask for rekey', 'delete object'] },
    states: 143_424,
    edits: [
      edit('finalizer.ts', 'metadata: { uid, resourceVersion, finalizers', 'metadata: { uid, finalizers'),
    ],
  },
  {
    rule: 'a deletion settles the issuance under way first',
    spare: 'nothing is missed: a pending Secret is settled without its object too',
    world: { ...CRASH_USER, ...ON_DELETE, deeds: ['delete object'] },
    states: 3_781,
    edits: [edit('leaving.ts', '  if (pending) return pending;\n', '')],
  },
  {
    rule: 'what goes with the Secret is noted before that is deleted',
    world: { ...ISSUED, deeds: ['delete object'] },
    states: 15,
    edits: [
      edit('leaving.ts', "if (toNote.length > 0) return { type: 'NoteDeleted', entries: toNote };", ''),
    ],
  },
  {
    rule: 'what was in a Secret that people deleted is revoked with the object all the same',
    world: { ...ISSUED, user: 2, deeds: ['delete Secret', 'delete object'] },
    states: 69,
    edits: [edit('leaving.ts', 'if (shown?.issuedFor === metadata.uid && !isHeld) {', 'if (false) {')],
  },
  {
    rule: 'the Secret goes before its certificate is revoked',
    world: { ...ISSUED, deeds: ['delete object'] },
    states: 309,
    edits: [edit('leaving.ts', "if (secret) return { type: 'DeleteSecret', secret };", '')],
  },
  {
    rule: 'the Secret is deleted as it was read',
    world: { ...ISSUED, user: 2, crash: 1, deeds: ['delete object', 'create object'] },
    states: 898,
    edits: [
      edit(
        'let-go.ts',
        'await context.kube.delete(secrets, secret, { signal, uid, resourceVersion });',
        'await context.kube.delete(secrets, secret, { signal }); void [uid, resourceVersion];',
      ),
    ],
  },
  {
    rule: 'only a Secret that belongs to the object goes with it',
    world: { ...ISSUED, deeds: ['delete object only'] },
    states: 52,
    edits: [
      edit(
        'leaving.ts',
        'keeperOf(secret) === metadata.name && secret.owners.some(({ uid }) => uid === metadata.uid)',
        'keeperOf(secret) === metadata.name',
      ),
    ],
  },
  {
    rule: 'a Secret that the garbage collector is about to keep does not go',
    world: { ...ISSUED, deeds: ['delete object only'] },
    states: 41,
    edits: [edit('leaving.ts', "metadata.finalizers?.includes('orphan') ?? false", 'false')],
  },
  {
    rule: 'an owner reference is put back only while its object is there',
    world: { ...ISSUED, user: 2, deeds: ['delete object only', 'edit hostnames'] },
    states: 481,
    edits: [edit('write.ts', 'if (existing) await checkNewOwners(kube, body, existing, signal);', '')],
  },
  {
    rule: 'a Secret that a late write brought back is deleted once more',
    world: { ...FAULT_USER, ...ON_DELETE, deeds: ['delete object'] },
    states: 5_778,
    edits: [edit('revoke-superseded.ts', 'if (isBack(leaving.certificate, entry, serving))', 'if (false)')],
  },
  {
    rule: 'what others hold counts as done for an object that goes',
    world: { ...ISSUED, user: 2, deeds: ['rename Secret', 'delete object'] },
    states: 1_830,
    edits: [
      edit(
        'revoke-superseded.ts',
        "return { keptBecause: revoked.why };\n    case 'wait':",
        "return { againAt: now + BACK_MS };\n    case 'wait':",
      ),
    ],
  },
  {
    rule: 'a deletion spares what is still in its grace',
    world: {
      ...ISSUED,
      asks: { superseded: 'Revoke' },
      user: 2,
      deeds: ['ask for renewal', 'delete object'],
    },
    states: 223,
    edits: [
      edit(
        'leaving.ts',
        'return Date.parse(entry.supersededAt) + graceOf(certificate) > now;',
        'return false;',
      ),
    ],
  },
  {
    rule: 'a deletion never takes long',
    world: { ...ISSUED, user: 2, deeds: ['Cloudflare goes away', 'delete object'] },
    states: 122,
    edits: [edit('leaving-view.ts', 'const LONGEST_MS = 5 * 60_000;', 'const LONGEST_MS = 50 * 60_000;')],
  },
  {
    rule: 'a deletion does not wait for a token that is gone',
    spare: 'nothing is missed: no deletion takes longer than five minutes',
    world: { ...ISSUED, user: 2, deeds: ['delete issuer', 'delete object'] },
    states: 80,
    edits: [
      edit(
        'leaving.ts',
        "if (leaving.token === 'gone' && (left.length > 0 || pending))",
        'if (left.length < 0)',
      ),
    ],
  },
  {
    rule: 'a certificate that comes when its key went with the namespace is noted on the object',
    spare: 'nothing is promised of a key that goes with its namespace: this is done where it can be',
    world: { ...USER, ...ON_DELETE, deeds: ['delete namespace'] },
    states: 120,
    edits: [
      edit(
        'write.ts',
        'return noteStray(context, world.leaving, checked.certificate, signal);',
        'return OBSERVE;',
      ),
    ],
  },
];
