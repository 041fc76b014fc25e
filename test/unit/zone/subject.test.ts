import fc from 'fast-check';
import { expect, test } from 'vitest';
import { zoneOf } from '../../../src/api/hostname.ts';
import { zoneNameFor } from '../../../src/zone/subject.ts';

const name = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
  .map((labels) => labels.join('.'));
const hostname = fc.tuple(fc.boolean(), name).map(([wild, text]) => (wild ? `*.${text}` : text));

test('the zone of a hostname is the same as by looking at each zone', () => {
  fc.assert(
    fc.property(fc.uniqueArray(name), hostname, (zones, asked) => {
      const found = zoneOf(
        asked,
        zones.map((each) => ({ name: each })),
      );
      expect(zoneNameFor(asked, new Set(zones))).toBe(found?.name);
    }),
  );
});
