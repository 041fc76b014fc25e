import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutBytes, microTime } from '../../../src/kube/events.ts';
import { keyOf, parseKey, refOf } from '../../../src/kube/object.ts';
import {
  collectionPath,
  events,
  leases,
  namespaces,
  objectPath,
  secrets,
} from '../../../src/kube/resource.ts';

describe('keys', () => {
  test('lead back to the object they were made of', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,20}$/);
    fc.assert(
      fc.property(name, fc.option(name, { nil: undefined }), (objectName, namespace) => {
        const ref = namespace === undefined ? { name: objectName } : { name: objectName, namespace };
        expect(parseKey(keyOf(ref))).toEqual(ref);
        expect(refOf({ metadata: ref })).toEqual(ref);
      }),
    );
  });

  test('are not made of an object without a name', () => {
    expect(() => refOf({ kind: 'Secret', metadata: {} })).toThrow('a Secret object has no metadata.name');
  });
});

describe('paths', () => {
  test.each([
    [collectionPath(secrets), '/api/v1/secrets'],
    [collectionPath(secrets, 'shop'), '/api/v1/namespaces/shop/secrets'],
    [collectionPath(events, 'shop'), '/apis/events.k8s.io/v1/namespaces/shop/events'],
    [objectPath(namespaces, { name: 'shop' }), '/api/v1/namespaces/shop'],
    [objectPath(namespaces, { name: 'shop' }, 'status'), '/api/v1/namespaces/shop/status'],
    [
      objectPath(leases, { namespace: 'a/b', name: '../c' }),
      '/apis/coordination.k8s.io/v1/namespaces/a%2Fb/leases/..%2Fc',
    ],
  ])('%s', (path, expected) => {
    expect(path).toBe(expected);
  });

  test('are refused where the namespace does not fit the kind', () => {
    expect(() => objectPath(secrets, { name: 'tls' })).toThrow('Secret tls: a namespace is missing');
    expect(() => objectPath(namespaces, { name: 'a', namespace: 'b' })).toThrow(
      'Namespace a: the kind is cluster-scoped',
    );
  });
});

describe('the note of an event', () => {
  test('is cut to its bytes, never inside a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => !text.includes('\uFFFD')),
        fc.integer({ min: 3, max: 80 }),
        (text, max) => {
          const cut = cutBytes(text, max);
          expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(max);
          expect(cut).not.toContain('\uFFFD');
          const fits = Buffer.byteLength(text) <= max;
          expect(fits ? cut === text : cut.endsWith('…') && text.startsWith(cut.slice(0, -1))).toBe(true);
        },
      ),
    );
  });

  test('carries a time with six digits', () => {
    expect(microTime(new Date('2026-11-21T12:00:00.123Z'))).toBe('2026-11-21T12:00:00.123000Z');
  });
});
