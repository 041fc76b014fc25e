import { CALM, CRASH_USER, edit, type Mutation, USER } from './mutation.ts';

const ADOPT = { existingSecret: 'Adopt' } as const;

/** The rules by which a Secret that was there before is taken over. */
export const ADOPTING: readonly Mutation[] = [
  {
    rule: 'a Secret that cert-manager keeps is not taken over',
    world: { ...CALM, asks: ADOPT, hand: 'kept' },
    states: 6,
    edits: [edit('adoption.ts', 'if (keptBy !== undefined) {', 'if (keptBy === false) {')],
  },
  {
    rule: 'a Secret that is for something else is not taken over',
    world: { ...USER, asks: ADOPT, deeds: ['put own Secret'] },
    states: 26,
    edits: [
      edit(
        'adoption.ts',
        "if (target.type === 'Opaque' && pair.state",
        "if (target.type === '' && pair.state",
      ),
    ],
  },
  {
    rule: 'a Secret is taken over as it was read',
    world: {
      ...CRASH_USER,
      asks: ADOPT,
      hand: 'good',
      user: 2,
      deeds: ['take own Secret away', 'put own Secret'],
    },
    states: 110,
    edits: [edit('adopt.ts', '      uid,\n      resourceVersion,\n      labels', '      labels')],
  },
  {
    rule: 'an adopted pair serves until it is due',
    world: { ...CALM, asks: ADOPT, hand: 'good' },
    states: 20,
    edits: [
      edit(
        'record.ts',
        'need: { hostnames: certificate?.hostnames ?? [] },',
        "need: { hostnames: certificate?.hostnames ?? [], issuer: { kind: 'OriginIssuer', name: 'none' } },",
      ),
    ],
  },
  {
    rule: 'an adopted certificate is never revoked',
    world: { ...USER, asks: { ...ADOPT, superseded: 'Revoke' }, hand: 'good', deeds: ['ask for renewal'] },
    states: 92,
    edits: [
      edit(
        'superseded.ts',
        'if (revoke === undefined || issuedFor !== certificate.metadata.uid) return undefined;',
        'if (revoke === undefined) return undefined;',
      ),
      edit(
        'superseded.ts',
        'revoke, issuedFor, ...(need',
        'revoke, issuedFor: certificate.metadata.uid, ...(need',
      ),
    ],
  },
  {
    rule: 'an adopted Secret never goes with its object',
    world: { ...USER, asks: { ...ADOPT, onDelete: 'Revoke' }, hand: 'good', deeds: ['delete object'] },
    states: 58,
    edits: [
      edit(
        'owner.ts',
        "spec.secretDeletionPolicy !== 'Delete' || adopted",
        "spec.secretDeletionPolicy !== 'Delete'",
      ),
    ],
  },
];
