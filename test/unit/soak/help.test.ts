import { expect, test } from 'vitest';
import { Help } from '../../soak/help.ts';
import type { Step } from '../../soak/steps.ts';
import { FIRST_WISH, type Wish } from '../../soak/wish.ts';

const SLOT = 'north/slot-0';

function helping(): { help: Help; done: string[]; clock: { nowMs: number } } {
  const done: string[] = [];
  const clock = { nowMs: 0 };
  const nothing = async (): Promise<undefined> => undefined;
  const stage = {
    issuers: { replaceToken: nothing, apply: nothing },
    sites: [],
    zone: nothing,
    deleteZone: nothing,
    applyZone: nothing,
    renewSite: nothing,
  };
  const wishes = new Map<string, Wish>([[SLOT, FIRST_WISH]]);
  const users = {
    wishes,
    run: async (step: Step): Promise<boolean> => done.push(step.kind) > 0,
    wish: async (slot: string, wish: Wish): Promise<void> => {
      wishes.set(slot, wish);
      done.push(`renewal ${wish.renewal}`);
    },
  };
  return { help: new Help(stage, users, () => clock.nowMs), done, clock };
}

test('a refusal that comes or comes back later is helped too, and each has time to take effect', async () => {
  const { help, done, clock } = helping();
  await help.refused(new Map());
  expect(done).toEqual([]);
  const refusals = new Map([[SLOT, 'Denied']]);
  await help.refused(refusals);
  await help.refused(refusals);
  expect(done).toEqual(['renewal 1']);
  clock.nowMs += 60_000;
  await help.refused(refusals);
  expect(done).toEqual(['renewal 1', 'renewal 2']);
});

test('a Secret that is in the way goes first', async () => {
  const { help, done } = helping();
  await help.refused(new Map([[SLOT, 'SecretNotManaged']]));
  expect(done).toEqual(['damage', 'renewal 1']);
});

test.each(['SecretNotManaged', 'AdoptRefused', 'SecretWriteRefused'])(
  'a Secret that is in the way goes where the refusal is %s',
  async (refusal) => {
    const { help, done } = helping();
    await help.refused(new Map([[SLOT, refusal]]));
    expect(done).toEqual(['damage', 'renewal 1']);
  },
);
