import { expect, test } from 'vitest';
import { Journal } from '../../soak/journal.ts';
import { Places } from '../../soak/places.ts';
import { Users } from '../../soak/users.ts';
import { certificateOf, FIRST_WISH } from '../../soak/wish.ts';
import { listen } from '../../support/plain-api-server.ts';

const SLOT = 'north/slot-0';
const WISH = { ...FIRST_WISH, onDelete: 'Delete' } as const;

interface Attempt {
  /** What people are answered on their delete; undefined: nothing, the connection breaks. */
  readonly answer: number | undefined;
  readonly isThere?: boolean;
}

/** People who want one object, and then delete it. */
async function afterDelete({ answer, isThere = true }: Attempt): Promise<{ users: Users; done: boolean }> {
  const places = new Places('place');
  const object = certificateOf(places, SLOT, WISH);
  const seen = { ...object, metadata: { ...object.metadata, uid: 'uid-1' } };
  await using server = await listen((request, response) => {
    const status = request.method === 'DELETE' ? answer : isThere ? 200 : 404;
    if (status === undefined) return void request.socket.destroy();
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(status === 200 ? seen : { kind: 'Status', code: status }));
  });
  const nobody = (): Promise<never> => Promise.reject(new Error('nobody asks for that here'));
  const users = new Users(
    {
      kube: server.kube,
      places,
      sites: [],
      apply: async (_resource, body) => ({ ...body, metadata: { ...body.metadata, uid: 'uid-1' } }),
      renewSite: nobody,
      simulator: { sign: nobody, revoke: nobody },
    },
    new Journal(() => undefined),
  );
  await users.wish(SLOT, WISH);
  const done = await users.run({ kind: 'delete', slot: SLOT });
  return { users, done };
}

test.each([
  ['is refused', 403],
  ['fails at the server', 500],
  ['gets no answer', undefined],
])('what people want to delete is still wanted when that %s', async (_, answer) => {
  const { users, done } = await afterDelete({ answer });
  expect(done).toBe(false);
  expect(users.wishes.get(SLOT)).toBe(WISH);
});

test('its Secret may go with it all the same: an answer that is lost may have been a success', async () => {
  const { users } = await afterDelete({ answer: undefined });
  expect(users.mayGo(SLOT)).toBe(true);
  expect(await users.traces.deleted('uid-1')).toBe(true);
});

test.each<[string, Attempt]>([
  ['was deleted', { answer: 200 }],
  ['went meanwhile', { answer: 404 }],
  ['is not there', { answer: 500, isThere: false }],
])('an object that %s is wanted no more', async (_, attempt) => {
  const { users } = await afterDelete(attempt);
  expect(users.wishes.has(SLOT)).toBe(false);
});
