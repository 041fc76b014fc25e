import { describe, expect, test } from 'vitest';
import { rivalOf } from '../../../src/zone/rival.ts';
import { originZone } from './fixtures.ts';

const older = originZone({}, { name: 'example.com', uid: 'b', creationTimestamp: '2026-01-01T00:00:00Z' });
const younger = originZone(
  { zoneName: 'example.com' },
  { name: 'again', uid: 'a', creationTimestamp: '2026-01-02T00:00:00Z' },
);
const other = originZone({}, { name: 'example.org', uid: 'c', creationTimestamp: '2025-01-01T00:00:00Z' });

describe('of two OriginZones for one zone', () => {
  test('the older has it', () => {
    const all = [younger, other, older];
    expect(rivalOf(younger, all)).toBe(older);
    expect(rivalOf(older, all)).toBeUndefined();
    expect(rivalOf(other, all)).toBeUndefined();
  });

  test('made in the same second the smaller uid has it', () => {
    const twin = { ...younger, metadata: { ...younger.metadata, creationTimestamp: '2026-01-01T00:00:00Z' } };
    expect(rivalOf(older, [older, twin])).toBe(twin);
    expect(rivalOf(twin, [older, twin])).toBeUndefined();
  });

  test('one that is being deleted has it no more', () => {
    const going = { ...older, metadata: { ...older.metadata, deletionTimestamp: '2026-01-03T00:00:00Z' } };
    expect(rivalOf(younger, [going, younger])).toBeUndefined();
  });
});
