import { expect, test } from 'vitest';
import { mayHoldLeaked } from '../../soak/leaked.ts';
import { Places } from '../../soak/places.ts';

const places = new Places('place');
const rekeyed = new Set(['south/slot-0']);

const secret = (managed: string, namespace = places.south) => ({
  metadata: {
    namespace,
    labels: { 'originca.dev/managed': managed },
    annotations: { 'originca.dev/certificate': 'slot-0' },
  },
});

test.each([
  ['released, and the key of its object had leaked', secret('released'), true],
  ['kept', secret('true'), false],
  ['of an object that was never to be rekeyed', secret('released', places.north), false],
  ["a stranger's", { metadata: { namespace: places.south } }, false],
])('a Secret that is %s may or may not hold what is revoked', (_, metadata, may) => {
  expect(mayHoldLeaked(metadata, { places, users: { rekeyed } })).toBe(may);
});
