import { expect, test } from 'vitest';
import { Journal } from '../../soak/journal.ts';
import { Places } from '../../soak/places.ts';
import type { Clash, Step } from '../../soak/steps.ts';
import { Strangers } from '../../soak/strangers.ts';

const PLACES = new Places('place');
const COME_FIRST: Clash = { kind: 'clash', at: 'Secret', how: 'come first', count: 1 };
const GARBLE: Clash = { kind: 'clash', at: 'Secret', how: 'garble the certificate', count: 1 };
const MARK_PENDING: Clash = { kind: 'clash', at: 'pending Secret', how: 'add fields of their own', count: 2 };
const DELETE_PENDING: Clash = { kind: 'clash', at: 'pending Secret', how: 'delete', count: 1 };

/** Strangers whose deeds are told, and done as the test decides. */
function strangersWith(run: (step: Step) => Promise<boolean>): { strangers: Strangers; deeds: Step[] } {
  const deeds: Step[] = [];
  const users = {
    run: (step: Step): Promise<boolean> => {
      deeds.push(step);
      return run(step);
    },
    slotOfUid: (uid: string): string | undefined => (uid === 'uid-1' ? 'south/slot-1' : undefined),
  };
  return { strangers: new Strangers(PLACES, users, new Journal(() => undefined)), deeds };
}

const write = (strangers: Strangers, secret: string, namespace = 'place'): Promise<unknown> =>
  strangers.gate({
    request: 1,
    when: 'before',
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}/secrets/${secret}`,
    body: Buffer.alloc(0),
  });

const isNotComeFirst = async (step: Step): Promise<boolean> =>
  !(step.kind === 'damage' && step.how === 'come first');

test('somebody who cannot come before one write lets those behind him come before the next', async () => {
  const { strangers, deeds } = strangersWith(isNotComeFirst);
  strangers.lieInWait(COME_FIRST);
  strangers.lieInWait(GARBLE);
  await write(strangers, 'slot-0-tls-0');
  expect(strangers.hits).toBe(0);
  await write(strangers, 'slot-0-tls-0');
  expect(strangers.hits).toBe(1);
  expect(deeds.map((deed) => deed.kind === 'damage' && deed.how)).toEqual([
    'come first',
    'garble the certificate',
  ]);
});

test('once they end nobody comes any more, not even who was on his way', async () => {
  const onHisWay = Promise.withResolvers<boolean>();
  const { strangers, deeds } = strangersWith(() => onHisWay.promise);
  strangers.lieInWait(MARK_PENDING);
  const written = write(strangers, 'originca-pending-uid-1', PLACES.south);
  strangers.end();
  onHisWay.resolve(true);
  await written;
  await write(strangers, 'originca-pending-uid-1', PLACES.south);
  expect(deeds.length).toBe(1);
});

test('of pending Secrets only those of objects that people made are touched, in the name of their slot', async () => {
  const { strangers, deeds } = strangersWith(async () => true);
  strangers.lieInWait(MARK_PENDING);
  strangers.lieInWait(DELETE_PENDING);
  await write(strangers, 'originca-pending-uid-of-a-site');
  expect(deeds).toEqual([]);
  await write(strangers, 'originca-pending-uid-1', PLACES.south);
  await write(strangers, 'originca-pending-uid-1', PLACES.south);
  expect(deeds).toMatchObject([
    { kind: 'damage', slot: 'south/slot-1', secret: 'originca-pending-uid-1' },
    { kind: 'delete pending', slot: 'south/slot-1' },
  ]);
});

test('the Secrets of sites are let be', async () => {
  const { strangers, deeds } = strangersWith(async () => true);
  strangers.lieInWait(GARBLE);
  await write(strangers, 'site-example-com-tls');
  expect(deeds).toEqual([]);
});
