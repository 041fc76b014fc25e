import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readJson, readObject, readPage, readRefusal } from '../../../src/kube/answers.ts';

const operation = { verb: 'get', resource: 'secrets', name: 'shop/web' };
const GONE = '{"kind":"Status","reason":"NotFound","message":"secrets \\"web\\" not found"}';

let server: Server;
let agent: Agent;

/** Answers with the status and the body that its path asks for. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://x');
    response.writeHead(Number(searchParams.get('status')), { 'retry-after': '7' });
    response.end(searchParams.get('body'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  agent = new Agent();
});

afterAll(async () => {
  await agent.destroy();
  server.close();
});

async function ask(status: number, body: string): Promise<Dispatcher.ResponseData> {
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const query = new URLSearchParams({ status: String(status), body });
  return await agent.request({ origin, method: 'GET', path: `/?${query.toString()}` });
}

describe('the answer to a request', () => {
  test('is read as JSON', async () => {
    expect(await readJson(await ask(200, '{"a":1}'), { operation })).toEqual({ a: 1 });
    expect(await readJson(await ask(201, '{"a":1}'), { operation, maxBytes: 7 })).toEqual({ a: 1 });
  });

  test.each([
    ['of a byte too much', 200, '{"a":12}', { kind: 'TooLarge', message: /the answer is too large$/ }],
    ['that is no JSON', 200, 's3cr3t', { kind: 'Server', message: /the answer is no JSON$/ }],
    ['that is JSON and no object', 200, '"s3cr"', { kind: 'Server', message: /the answer is no JSON$/ }],
    ['that is nothing', 200, 'null', { kind: 'Server', message: /the answer is no JSON$/ }],
    ['that leads elsewhere', 302, '{}', { kind: 'Server', message: /HTTP 302/ }],
  ])('%s is none', async (_, status, body, { kind, message }) => {
    const failed = readJson(await ask(status, body), { operation, maxBytes: 7 });
    await expect(failed).rejects.toMatchObject({ name: 'KubeError', kind });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.not.toThrow('s3cr3t');
  });

  test('is why the server refused, with how long it asks to stay away', async () => {
    const refused = { kind: 'NotFound', statusCode: 404, retryAfterMs: 7000 };
    const failed = readJson(await ask(404, GONE), { operation });
    await expect(failed).rejects.toMatchObject(refused);
    await expect(failed).rejects.toThrow('secrets "web" not found');
    expect(await readRefusal(await ask(404, GONE), operation)).toMatchObject(refused);
    expect(await readRefusal(await ask(503, '<html>'), operation)).toMatchObject({ kind: 'Server' });
  });
});

describe('a list', () => {
  test('may be empty, as Go writes it, and may go on', () => {
    const metadata = { resourceVersion: '7', continue: 'more' };
    expect(readPage({ items: null, metadata }, operation)).toEqual({
      items: [],
      resourceVersion: '7',
      continue: 'more',
    });
  });

  test.each([{}, { items: [] }, { items: 'all', metadata: { resourceVersion: '7' } }, { metadata: {} }])(
    'is not what looks like %j: believed, it would say that every object is gone',
    (answer) => {
      expect(() => readPage(answer, operation)).toThrow('the answer is no list');
    },
  );
});

test('an object has a name', () => {
  expect(readObject({ metadata: { name: 'web' } }, operation)).toEqual({ metadata: { name: 'web' } });
  expect(() => readObject({ kind: 'Status' }, operation)).toThrow('the answer is no object');
});
