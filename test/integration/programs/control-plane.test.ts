import { expect, test } from 'vitest';
import { cluster, testNamespace } from '../../support/cluster.ts';
import { AdminClient } from '../../programs/admin-client.ts';
test('the shared control plane answers', async () => {
  const ns = await testNamespace('cp');
  const admin = await AdminClient.connect(cluster());
  expect(await admin.call({ method: 'GET', path: `/api/v1/namespaces/${ns}` })).toMatchObject({
    metadata: { name: ns },
  });
  await admin.close();
});
