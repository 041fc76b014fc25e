import { expect, expectTypeOf, test } from 'vitest';
import type { ClusterOriginIssuer, OriginCertificate, OriginIssuer } from '../../../src/api/v1alpha1.ts';
import type { KubeObject } from '../../../src/kube/object.ts';
import { generateApiTypes, readApiTypes } from '../../support/generate-api-types.ts';

test('the types are those that the CRDs ask for; if not: npm run generate', async () => {
  expect(await readApiTypes()).toBe(await generateApiTypes());
});

test('objects of our kinds are Kubernetes objects to src/kube', () => {
  expectTypeOf<OriginCertificate>().toExtend<KubeObject>();
  expectTypeOf<OriginIssuer>().toExtend<KubeObject>();
  expectTypeOf<ClusterOriginIssuer>().toExtend<KubeObject>();
});

test('what has a default is always there once read', () => {
  expectTypeOf<OriginCertificate['spec']['suspend']>().toEqualTypeOf<boolean>();
  expectTypeOf<OriginCertificate['spec']['issuerRef']['kind']>().toEqualTypeOf<
    'OriginIssuer' | 'ClusterOriginIssuer'
  >();
  expectTypeOf<OriginIssuer['spec']['apiTokenSecretRef']['key']>().toEqualTypeOf<string>();
});
