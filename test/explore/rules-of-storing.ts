import { edit, type Mutation, USER } from './mutation.ts';

const FORBIDDEN = { ...USER, deeds: ['forbid Secrets'] } as const;

/** The rules for certificates that the API server refuses to store. */
export const STORING: readonly Mutation[] = [
  {
    rule: 'the write is rehearsed before the POST',
    spare: 'nothing is missed: a certificate that cannot be stored waits with its key and is written later',
    world: FORBIDDEN,
    states: 173,
    edits: [
      edit(
        'issue.ts',
        'target === undefined ? await rehearse(context, issuance, signal) : undefined',
        'undefined',
      ),
    ],
  },
  {
    rule: 'what cannot be written is kept beside its key',
    spare: 'nothing is missed: it is searched for by its key and found again, at the price of a listing',
    world: FORBIDDEN,
    states: 339,
    edits: [
      edit(
        'pending-rules.ts',
        "if (isParked(world, pending)) return gate(world, 'write') ?? { type: 'Write', pending };",
        '',
      ),
    ],
  },
  {
    rule: 'the key stays when its certificate cannot be written',
    world: { ...FORBIDDEN, start: 'issued', user: 2, deeds: ['forbid Secrets', 'ask for renewal'] },
    states: 321,
    edits: [
      edit(
        'write.ts',
        '  return refusedWrite(error, secretName);\n}',
        '  await context.kube.delete(secrets, pending, { signal });\n  return refusedWrite(error, secretName);\n}',
      ),
    ],
  },
];
