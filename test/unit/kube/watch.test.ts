import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/kube/object.ts';
import { type WatchEvent, watchEvents } from '../../../src/kube/watch.ts';

const operation = { verb: 'watch', resource: 'secrets' };

async function* chunks(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  let at = 0;
  for (const size of sizes) yield bytes.subarray(at, (at += size));
  yield bytes.subarray(at);
}

async function readAll(text: string, sizes: readonly number[] = []): Promise<WatchEvent<KubeObject>[]> {
  const events: WatchEvent<KubeObject>[] = [];
  for await (const event of watchEvents<KubeObject>(chunks(text, sizes), operation)) events.push(event);
  return events;
}

const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;

describe('the lines of a watch', () => {
  test('are the same events however the network cuts them, also inside a character', async () => {
    const names = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(names, fc.array(fc.nat(40), { maxLength: 40 }), async (list, sizes) => {
        const text = list.map((name) => line('ADDED', { metadata: { name } })).join('');
        const events = await readAll(text, sizes);
        expect(events).toEqual(list.map((name) => ({ type: 'ADDED', object: { metadata: { name } } })));
      }),
    );
  });

  test('say of a bookmark only how far the watch has come', async () => {
    const text = line('BOOKMARK', { kind: 'Secret', metadata: { resourceVersion: '77' } });
    expect(await readAll(text)).toEqual([{ type: 'BOOKMARK', resourceVersion: '77' }]);
  });

  test('end with Gone where the server has forgotten the place', async () => {
    const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
    await expect(readAll(line('ERROR', status))).rejects.toMatchObject({ kind: 'Gone', reason: 'Expired' });
  });

  test('end with Server where the server says 500, with the time it asks for', async () => {
    const status = { kind: 'Status', code: 500, message: 'etcd is away', details: { retryAfterSeconds: 3 } };
    await expect(readAll(line('ERROR', status))).rejects.toMatchObject({
      kind: 'Server',
      retryAfterMs: 3_000,
      message: 'watch secrets: etcd is away',
    });
  });

  test.each([
    ['cut off', '{"type":"ADDED","object":{"metadata":{"name":"s3cr3t'],
    ['no JSON', 's3cr3t is not JSON\n'],
    ['no event', '{"s3cr3t":1}\n'],
    ['nothing', 'null\n'],
    ['of an unknown type', '{"type":"s3cr3t","object":{}}\n'],
  ])('that are %s end the watch with Network and are not quoted', async (_name, text) => {
    const error: unknown = await readAll(text).catch((e: unknown) => e);
    expect(error).toMatchObject({ kind: 'Network' });
    expect(JSON.stringify([error, String(error), (error as Error).cause])).not.toContain('s3cr3t');
  });
});
