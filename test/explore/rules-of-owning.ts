import { CALM, edit, FAULT_USER, type Mutation, USER } from './mutation.ts';

const SHARED = ['web', 'shop'] as const;

/** Whose Secret is written, and with whose token an issuance is given up. */
export const OWNING: readonly Mutation[] = [
  {
    rule: "somebody else's Secret is not written",
    world: { ...USER, deeds: ['put own Secret'] },
    states: 60,
    edits: [
      edit(
        'gates.ts',
        "if (holder.kind !== 'foreign') return undefined;",
        "if (holder.kind !== 'foreign' || secretName !== '') return undefined;",
      ),
    ],
  },
  {
    rule: 'of two that name one Secret only one asks for a certificate',
    world: { ...CALM, objects: SHARED },
    states: 90,
    edits: [
      edit(
        'gates.ts',
        "if (holder.kind !== 'other') return undefined;",
        "if (holder.kind !== 'other' || secretName !== '') return undefined;",
      ),
    ],
  },
  {
    rule: 'who keeps the Secret is judged again before it is written',
    world: { ...USER, deeds: ['put own Secret'] },
    states: 60,
    edits: [
      edit(
        'write.ts',
        "if (pause(world) ?? gate(world, 'target')) return park(",
        'if (pause(world)) return park(',
      ),
    ],
  },
  {
    rule: 'an issuance is given up with the token of the new issuer when the old one is gone',
    world: { ...FAULT_USER, deeds: ['replace issuer'] },
    states: 16_372,
    edits: [edit('discard.ts', 'otherIssuers: object ? [object.spec.issuerRef] : []', 'otherIssuers: []')],
  },
];
