import { expect, test } from 'vitest';
import { leanly } from '../../src/stores.ts';

test('a cache keeps an object without who wrote which field and what was applied last, and leaves the object as it is', () => {
  const read = {
    apiVersion: 'originca.dev/v1alpha1',
    kind: 'OriginCertificate',
    metadata: {
      name: 'web',
      uid: 'u',
      resourceVersion: '7',
      annotations: { a: 'b', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:spec': {} } }],
    },
    spec: { secretName: 'web-tls' },
  };
  const before = structuredClone(read);
  const { managedFields: _, ...metadata } = read.metadata;
  expect(leanly(read)).toStrictEqual({ ...read, metadata: { ...metadata, annotations: { a: 'b' } } });
  expect(read).toEqual(before);
});
