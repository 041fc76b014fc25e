import { expect, test } from 'vitest';
import { leanly } from '../../src/stores.ts';

test('a cache keeps an object without the record of who wrote which field, and leaves the object as it is', () => {
  const read = {
    apiVersion: 'originca.dev/v1alpha1',
    kind: 'OriginCertificate',
    metadata: {
      name: 'web',
      uid: 'u',
      resourceVersion: '7',
      annotations: { a: 'b' },
      managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:spec': {} } }],
    },
    spec: { secretName: 'web-tls' },
  };
  const before = structuredClone(read);
  const { managedFields: _, ...metadata } = read.metadata;
  expect(leanly(read)).toStrictEqual({ ...read, metadata });
  expect(read).toEqual(before);
});
