import { once } from 'node:events';
import { createServer } from 'node:http';
import { request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { ListenError, TelemetryServer, type TelemetryServerOptions } from '../../../src/telemetry/server.ts';

let server: TelemetryServer | undefined;
afterEach(() => server?.close());

async function start(options: Partial<TelemetryServerOptions> = {}): Promise<void> {
  server = await TelemetryServer.start({
    address: { host: '127.0.0.1', port: 0 },
    metrics: { scrape: async () => ['some_metric', ' 1\n'], contentType: 'text/plain; version=0.0.4' },
    ready: {},
    onError: () => undefined,
    ...options,
  });
}

async function ask(path: string, method: 'GET' | 'HEAD' | 'POST' = 'GET') {
  const { statusCode, headers, body } = await request(`http://127.0.0.1:${server?.port}${path}`, { method });
  return { status: statusCode, type: headers['content-type'], body: await body.text() };
}

describe('TelemetryServer', () => {
  test('serves the metrics as Prometheus reads them', async () => {
    await start();
    expect(await ask('/metrics')).toEqual({
      status: 200,
      type: 'text/plain; version=0.0.4',
      body: 'some_metric 1\n',
    });
    expect((await ask('/metrics?x=1')).status).toBe(200);
    expect(await ask('/metrics', 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  test('is healthy as long as it answers, ready or not', async () => {
    await start({ ready: { caches: () => 'not filled yet' } });
    expect(await ask('/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
  });

  test('names what keeps it from being ready, and nothing that is in order', async () => {
    const problems: { caches?: string; clock?: string } = { caches: 'not filled yet', clock: 'off by 6m' };
    await start({
      ready: { caches: () => problems.caches, clock: () => problems.clock, lease: () => undefined },
    });
    expect(await ask('/readyz')).toMatchObject({
      status: 503,
      body: 'caches: not filled yet\nclock: off by 6m\n',
    });
    delete problems.caches;
    delete problems.clock;
    expect(await ask('/readyz')).toMatchObject({ status: 200, body: 'ok\n' });
  });

  test.each([
    ['/', 'GET', 404],
    ['/metrics/x', 'GET', 404],
    ['/metrics', 'POST', 405],
  ] as const)('%s by %s is %d', async (path, method, status) => {
    await start();
    expect((await ask(path, method)).status).toBe(status);
  });

  test('reports a scrape that fails, and shows nothing of it', async () => {
    const errors: unknown[] = [];
    const scrape = (): Promise<string[]> => Promise.reject(new Error('inner details'));
    await start({ metrics: { scrape, contentType: 'x' }, onError: (error) => void errors.push(error) });
    expect(await ask('/metrics')).toMatchObject({ status: 500, body: 'internal error, see the log\n' });
    expect(errors).toMatchObject([{ message: 'inner details' }]);
  });

  test('answers others while it makes a large scrape', async () => {
    const answered = { healthz: false };
    const seen: boolean[] = [];
    function* slowly(): Generator<string> {
      // Until somebody else was answered, but not for ever.
      for (let piece = 0; piece < 500 && !answered.healthz; piece += 1) {
        for (const until = performance.now() + 5; performance.now() < until;);
        yield '';
      }
      seen.push(answered.healthz);
      yield 'last 1\n';
    }
    let begun = false;
    const scrape = async (): Promise<Iterable<string>> => {
      begun = true;
      return slowly();
    };
    await start({ metrics: { scrape, contentType: 'x' } });
    const scraped = ask('/metrics');
    await expect.poll(() => begun).toBe(true);
    await ask('/healthz');
    answered.healthz = true;
    expect(await scraped).toMatchObject({ status: 200, body: 'last 1\n' });
    expect(seen).toEqual([true]);
  });

  test('breaks off a scrape that fails half-way, so that nobody takes it for a whole one', async () => {
    const errors: unknown[] = [];
    function* failing(): Generator<string> {
      yield 'some_metric 1\n';
      throw new Error('inner details');
    }
    const scrape = async (): Promise<Iterable<string>> => failing();
    await start({ metrics: { scrape, contentType: 'x' }, onError: (error) => void errors.push(error) });
    expect(await ask('/metrics').catch(String)).toMatch(/terminated|closed/);
    expect(errors).toMatchObject([{ message: 'inner details' }]);
  });

  test('says nothing of a scraper that goes away', async () => {
    const errors: unknown[] = [];
    let ended = false;
    function* endless(): Generator<string> {
      try {
        for (;;) yield 'some_metric 1\n'.repeat(1000);
      } finally {
        ended = true;
      }
    }
    const scrape = async (): Promise<Iterable<string>> => endless();
    await start({ metrics: { scrape, contentType: 'x' }, onError: (error) => void errors.push(error) });
    const { body } = await request(`http://127.0.0.1:${server?.port}/metrics`);
    for await (const chunk of body) if (chunk !== undefined) break;
    await expect.poll(() => ended).toBe(true);
    expect(errors).toEqual([]);
  });

  test('a check that throws is an error, not ready', async () => {
    await start({
      ready: {
        broken: () => {
          throw new Error('oops');
        },
      },
    });
    expect((await ask('/readyz')).status).toBe(500);
  });

  test('says which address is taken and what to do', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const failure = await start({ address: { host: '127.0.0.1', port } }).catch((error: unknown) => error);
    holder.close();
    expect(failure).toBeInstanceOf(ListenError);
    expect(String(failure)).toContain(
      `--metrics-address=127.0.0.1:${port} cannot be listened on (EADDRINUSE): end the process that holds it, or name another address.`,
    );
  });

  test('closes though a scrape is under way', async () => {
    let scraped = false;
    const scrape = (): Promise<string[]> => {
      scraped = true;
      return new Promise(() => undefined);
    };
    await start({ metrics: { scrape, contentType: 'x' } });
    const asked = ask('/metrics').catch(String);
    await expect.poll(() => scraped).toBe(true);
    await server?.close();
    server = undefined;
    expect(await asked).toMatch(/Error/);
  });
});
