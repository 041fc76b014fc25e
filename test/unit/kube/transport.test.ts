import { expect, test } from 'vitest';
import { secrets } from '../../../src/kube/resource.ts';
import { listen } from '../../support/plain-api-server.ts';

test('a deletion with preconditions leaves its connection to the next request', async () => {
  const bodies: string[] = [];
  let connections = 0;
  await using front = await listen((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => void (body += chunk.toString()));
    request.on('end', () => {
      bodies.push(body);
      response.setHeader('content-type', 'application/json').end('{"kind":"Status","status":"Success"}');
    });
  });
  front.server.on('connection', () => void (connections += 1));
  const { signal } = new AbortController();
  for (let deletion = 0; deletion < 10; deletion += 1) {
    await front.kube.delete(secrets, { namespace: 'shop', name: 'web' }, { signal, uid: 'u' });
  }
  expect(bodies.filter((body) => body.includes('"preconditions"'))).toHaveLength(10);
  // The second may be opened while the first is still being put back.
  expect(connections).toBeLessThanOrEqual(2);
});

test(
  'a list of objects of a megabyte is read in pages that fit into memory, and all of it',
  { timeout: 40_000 },
  async () => {
    const count = 24;
    const items = Array.from({ length: count }, (_, i) =>
      JSON.stringify({ metadata: { name: `s${i}` }, data: { 'tls.crt': 'x'.repeat(2 ** 20) } }),
    );
    const asked: number[] = [];
    await using front = await listen((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://x');
      const limit = Number(searchParams.get('limit'));
      const from = Number(searchParams.get('continue') ?? 0);
      asked.push(limit);
      const next = from + limit < count ? { continue: String(from + limit) } : {};
      const metadata = JSON.stringify({ resourceVersion: '1', ...next });
      response.end(`{"metadata":${metadata},"items":[${items.slice(from, from + limit).join(',')}]}`);
    });
    const sizes: number[] = [];
    const names = await front.kube.collect(
      secrets,
      { signal: new AbortController().signal },
      ({ metadata, data }) => {
        sizes.push(data?.['tls.crt']?.length ?? 0);
        return [metadata.name];
      },
    );
    expect(names).toEqual(Array.from({ length: count }, (_, i) => `s${i}`));
    expect(sizes).toHaveLength(count);
    expect(asked).toEqual([500, 125, 31, 7, 7, 7, 7]);
  },
);
