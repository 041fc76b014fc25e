import { setImmediate as macrotask } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Reflector } from '../../../src/kube/reflector.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { listen } from '../../support/plain-api-server.ts';

test('a reflector lets others have the event loop while it takes in a long list', async () => {
  const items = Array.from({ length: 200 }, (_, index) => ({
    metadata: { namespace: 'shop', name: `web-${index}`, uid: `u-${index}`, resourceVersion: '1' },
  }));
  const list = JSON.stringify({ kind: 'SecretList', metadata: { resourceVersion: '1' }, items });
  await using front = await listen(({ url }, response) => {
    if (url?.includes('watch=')) response.flushHeaders();
    else response.end(list);
  });
  const reflector = new Reflector({
    client: front.kube,
    resource: secrets,
    transform: ({ metadata }) => {
      for (const until = performance.now() + 1; performance.now() < until;);
      return metadata.name ?? '';
    },
  });
  const stop = new AbortController();
  const running = reflector.run(stop.signal);
  const sizes = new Set<number>();
  while (!reflector.hasSynced) {
    sizes.add(reflector.size);
    await macrotask();
  }
  stop.abort();
  await running;
  expect(reflector.size).toBe(200);
  // Seen at least ten times on its way; without turns only empty and whole.
  expect(sizes.size).toBeGreaterThanOrEqual(10);
});
