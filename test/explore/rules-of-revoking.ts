import { CALM, edit, type Mutation } from './mutation.ts';

const REVOKE = { ...CALM, start: 'issued', asks: { superseded: 'Revoke' } } as const;

/** The rules by which what was replaced is revoked. */
export const REVOKING: readonly Mutation[] = [
  {
    rule: 'what is to be revoked is noted before the write that replaces it',
    world: { ...REVOKE, user: 1, deeds: ['ask for renewal'] },
    states: 20,
    edits: [
      edit(
        'note-replaced.ts',
        'if (entry === undefined || isNoted(world, entry)) return world;',
        "if (entry === undefined || entry.id !== '') return world;",
      ),
    ],
  },
  {
    rule: 'the note stays as long as the write may be on its way',
    world: { ...REVOKE, user: 1, crash: 1, deeds: ['ask for renewal'] },
    states: 350,
    edits: [
      edit('superseded.ts', 'pending !== undefined;', 'pending !== undefined && entering !== undefined;'),
    ],
  },
  {
    rule: 'a leaked certificate is revoked though a released Secret holds it',
    world: { ...REVOKE, user: 2, deeds: ['rename Secret', 'ask for rekey'] },
    states: 139_050,
    edits: [
      edit('revoke-superseded.ts', 'isRekeyed && keeperOf(secret) === name', "isRekeyed && name === ''"),
    ],
  },
  {
    rule: 'what a released Secret holds is not revoked without a leak',
    world: { ...REVOKE, user: 2, deeds: ['rename Secret', 'ask for renewal'] },
    states: 600,
    edits: [
      edit('revoke-superseded.ts', 'isRekeyed && keeperOf(secret) === name', 'keeperOf(secret) === name'),
    ],
  },
];
