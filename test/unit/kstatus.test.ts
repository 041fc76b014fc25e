import { describe, expect, test } from 'vitest';
import { type Conditioned, kstatus, type KStatus } from '../support/kstatus.ts';
import { readCrds } from '../support/crds.ts';
import { originCertificate } from './certificate/fixtures.ts';
import { ROWS } from './kstatus-objects.ts';

describe('kstatus, by which Flux waits and fails', () => {
  test.each(ROWS)('calls %s what it is', (_, object, expected) => {
    expect(kstatus(object)).toBe(expected);
  });

  test('calls what is being deleted Terminating, whatever else is said of it', () => {
    const deleted = originCertificate({}, { deletionTimestamp: '2026-11-21T12:00:00Z' });
    expect(kstatus({ ...deleted, status: { observedGeneration: 1 } })).toBe('Terminating');
  });

  test.each<[string, string, KStatus]>([
    ['Ready=True', 'Ready', 'Current'],
    ['Reconciling=True', 'Reconciling', 'InProgress'],
    ['Stalled=True', 'Stalled', 'Failed'],
    ['Served=True, which it does not know', 'Served', 'Current'],
  ])('reads %s', (_, type, expected) => {
    const conditions = [{ type, status: 'True', reason: 'R' }];
    const object: Conditioned = {
      metadata: { name: 'a', generation: 1 },
      status: { observedGeneration: 1, conditions },
    };
    expect(kstatus(object)).toBe(expected);
  });
});

test('every kind begins with a status that no tool takes for current', async () => {
  for (const { schema, kind } of await readCrds()) {
    const status = schema.properties?.['status']?.default as Conditioned['status'];
    const object: Conditioned = { metadata: { name: 'a', generation: 1 }, ...(status && { status }) };
    expect([kind, kstatus(object)]).toEqual([kind, 'InProgress']);
  }
});
