import { describe, expect, test } from 'vitest';
import { conditionsOf } from '../../../src/certificate/conditions.ts';
import { outlivesRoot } from '../../../src/certificate/root.ts';
import { isLiving, type World } from '../../../src/certificate/world.ts';
import { certificateFacts, NOW, targetFacts, worldOf } from './fixtures.ts';

const ROOT_ENDS = Date.UTC(2029, 7, 15, 17);
const SENTENCE =
  'It outlives its root, which ends 2029-08-15: from then on Cloudflare may refuse it. Once Cloudflare has a new ' +
  'root, give it by --origin-ca-roots and set the annotation originca.dev/renew-requested-at.';

function readyMessage(change: Partial<World>): string | undefined {
  const world = worldOf(change);
  if (!isLiving(world)) throw new Error('conditions are those of an object');
  return conditionsOf(world, { type: 'Done' }, NOW).find(({ type }) => type === 'Ready')?.message;
}

describe('a certificate and its root', () => {
  test.each<[string, number, number | undefined, string | undefined]>([
    ['ends before it', ROOT_ENDS - 1, ROOT_ENDS, undefined],
    ['ends with it', ROOT_ENDS, ROOT_ENDS, undefined],
    ['ends after it', ROOT_ENDS + 1000, ROOT_ENDS, SENTENCE],
    ['has none that we know', ROOT_ENDS + 1000, undefined, undefined],
  ])('one that %s', (_, notAfter, rootNotAfter, said) => {
    expect(outlivesRoot(certificateFacts({ notAfter, rootNotAfter }))).toBe(said);
  });

  test('Ready stays True and says so at its end', () => {
    const target = targetFacts({}, { notAfter: ROOT_ENDS + 86_400_000 });
    expect(readyMessage({ target })).toBe(`Secret web-tls holds a certificate for 2 hostnames. ${SENTENCE}`);
    expect(readyMessage({})).toBe('Secret web-tls holds a certificate for 2 hostnames.');
  });
});
