import { expect, test } from 'vitest';
import { certManagerKeeper } from '../../../src/certificate/cert-manager.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { KubeError, type KubeErrorKind } from '../../../src/kube/errors.ts';

const { signal } = new AbortController();

function keeperWhere(listAll: () => Promise<object[]>) {
  const kube = { listAll } as unknown as KubeClient;
  return certManagerKeeper(kube, { namespace: 'shop', name: 'web-tls' }, signal);
}

const fails = (kind: KubeErrorKind) => () => Promise.reject(new KubeError(kind, 'no'));

test('a Secret is kept by the cert-manager Certificate that names it', async () => {
  const all = [
    { metadata: { name: 'other' }, spec: { secretName: 'other-tls' } },
    { metadata: { name: 'bare' } },
    { metadata: { name: 'web' }, spec: { secretName: 'web-tls' } },
  ];
  expect(await keeperWhere(() => Promise.resolve(all))).toEqual({ keptBy: 'web' });
  expect(await keeperWhere(() => Promise.resolve(all.slice(0, 2)))).toEqual({});
});

test('nothing is kept where there is no cert-manager', async () => {
  expect(await keeperWhere(fails('NotFound'))).toEqual({});
});

test('it is in doubt where the operator may not look, and looked for again after any other failure', async () => {
  expect(await keeperWhere(fails('Forbidden'))).toEqual({ doubt: expect.any(String) as string });
  await expect(keeperWhere(fails('Timeout'))).rejects.toThrow(KubeError);
});
