import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FaultProxy } from '../proxy/proxy.ts';
import { NotYet, waitFor } from '../support/wait.ts';

let stack: AsyncDisposableStack;
let proxy: FaultProxy;
let agent: Agent;
/** Paths that reached the server behind the proxy. */
let served: string[];

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  served = [];
  const server = createServer(({ url = '' }, response) => {
    served.push(url);
    response.end('{}');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  stack.defer(() => void server.close());
  const { port } = server.address() as AddressInfo;
  proxy = await FaultProxy.start({ upstream: `http://127.0.0.1:${port}` });
  stack.defer(() => proxy.close());
  agent = new Agent({ connect: { ca: proxy.ca } });
  stack.defer(() => agent.destroy());
});
afterEach(() => stack.disposeAsync());

const post = (path: string, signal?: AbortSignal) =>
  request(`${proxy.url}${path}`, { method: 'POST', dispatcher: agent, signal: signal ?? null });

test('a request that its caller gave up while a gate held it never reaches the server', async () => {
  const held = Promise.withResolvers<'pass'>();
  proxy.gate = () => held.promise;
  const caller = new AbortController();
  const given = post('/held', caller.signal).then(
    () => 'answered',
    () => 'given up',
  );
  await until('the request', () => proxy.requests.length === 1);
  caller.abort();
  expect(await given).toBe('given up');
  await until('its end to be noticed', () => proxy.requests[0]?.abandonedMs !== undefined);
  held.resolve('pass');
  const { statusCode } = await post('/next');
  expect(statusCode).toBe(200);
  expect(served).toEqual(['/next']);
  expect(proxy.errors).toEqual([]);
});

test('a request whose connection was reset while the proxy was paused still reaches the server, gate or not', async () => {
  proxy.gate = () => Promise.resolve('pass');
  proxy.pause();
  const given = post('/late').then(
    () => 'answered',
    () => 'reset',
  );
  await until('the request', () => proxy.requests.length === 1);
  proxy.resetAll();
  expect(await given).toBe('reset');
  await until('its end to be noticed', () => proxy.requests[0]?.abandonedMs !== undefined);
  proxy.resume();
  await until('the request to arrive', () => served.length > 0);
  expect(served).toEqual(['/late']);
});

test('a request that a gate lets pass in time reaches the server', async () => {
  const passages: string[] = [];
  proxy.gate = async ({ when, path }) => {
    passages.push(`${when} ${path}`);
    return 'pass';
  };
  const { statusCode } = await post('/one');
  expect(statusCode).toBe(200);
  expect(served).toEqual(['/one']);
  expect(passages).toEqual(['before /one', 'after /one']);
});

async function until(what: string, condition: () => boolean): Promise<void> {
  await waitFor(what, async () => condition() || new NotYet(proxy.requests), { timeoutMs: 10_000 });
}
