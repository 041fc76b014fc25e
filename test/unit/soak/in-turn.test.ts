import { expect, test } from 'vitest';
import { InTurn } from '../../soak/in-turn.ts';
import { Journal } from '../../soak/journal.ts';

test('what fails is counted, and all that comes after it is done, in its order', async () => {
  const journal = new Journal(() => undefined);
  const inTurn = new InTurn(journal);
  const done: string[] = [];
  inTurn.add(async () => void done.push('first'));
  inTurn.add(() => Promise.reject(new Error('the list took too long')));
  inTurn.add(async () => void done.push('last'));
  await inTurn.settled();
  expect(done).toEqual(['first', 'last']);
  expect(journal.failedLooks).toBe(1);
});
