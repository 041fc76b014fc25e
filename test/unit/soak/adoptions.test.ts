import { expect, test } from 'vitest';
import { Adoptions } from '../../soak/adoptions.ts';
import type { Step } from '../../soak/steps.ts';

const SLOT = 'north/slot-0';
const damage = (how: Extract<Step, { kind: 'damage' }>['how']): Step => ({
  kind: 'damage',
  slot: SLOT,
  secret: 'slot-0-tls-0',
  how,
  other: 'slot-0-tls-0',
});

test.each<[name: string, step: Step, suffices: boolean]>([
  ['that somebody came first where there was nothing', damage('come first'), true],
  ['a stripped label', damage('strip the label'), true],
  ['a deleted pending Secret', { kind: 'delete pending', slot: SLOT }, true],
  ['a garbled certificate', damage('garble the certificate'), false],
  ['a deleted Secret', damage('delete'), false],
  ['a revocation', { kind: 'revoke', slot: SLOT }, false],
])('after %s an adopted pair is judged as it should be', (_name, step, suffices) => {
  const adoptions = new Adoptions();
  adoptions.tookOver(SLOT, 'uid-1');
  adoptions.before(step);
  expect(adoptions.suffices('uid-1')).toBe(suffices);
});
