import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { KubeError } from '../../src/kube/errors.ts';
import { RunnableOperator, silence } from '../../src/running.ts';
import { waitFor } from '../support/wait.ts';

describe('the API server', () => {
  test.each([
    ['was not read yet', Number.NEGATIVE_INFINITY, 'the API server was not read yet'],
    ['was read now', 500_000, undefined],
    ['was read two bookmarks ago', 380_000, undefined],
    ['was not read for long', 340_000, 'the API server was last read 160 s ago'],
  ])('%s', (_, lastReadMs, problem) => {
    expect(silence(lastReadMs, 500_000)).toBe(problem);
  });
});

test('what was not heard of the API server is told by /readyz', async () => {
  const stop = new AbortController();
  const operator = operatorOf({ lastReadMs: Number.NEGATIVE_INFINITY });
  const ended = operator.run(stop.signal);
  const isListening = (): boolean => operator.metricsPort > 0;
  await waitFor('it to listen', isListening, { timeoutMs: 5000, intervalMs: 5 });
  const { statusCode, body } = await request(`http://127.0.0.1:${operator.metricsPort}/readyz`);
  expect(statusCode).toBe(503);
  expect(await body.text()).toContain('apiserver: the API server was not read yet\n');
  stop.abort();
  await expect(ended).resolves.toBe('stopped');
});

/** An operator whose API server never answers. */
function operatorOf({ lastReadMs }: { lastReadMs: number }): RunnableOperator {
  const closed = { close: () => Promise.resolve() };
  const parts = {
    config: { metricsAddress: { host: '127.0.0.1', port: 0 }, watchNamespaces: [] },
    log: { warn: () => undefined, info: () => undefined, error: () => undefined },
    metrics: { text: () => Promise.resolve(''), contentType: 'text/plain' },
    controllers: {
      ...closed,
      stores: { hasSynced: true },
      fillCaches: () => Promise.resolve(),
      synced: () => Promise.withResolvers().promise,
    },
    skew: { problem: () => undefined },
    cloudflare: closed,
    kube: { ...closed, lastReadMs, list: neverAnswered },
    server: 'https://127.0.0.1:6443',
  };
  return new RunnableOperator(parts as unknown as ConstructorParameters<typeof RunnableOperator>[0]);
}

function neverAnswered(_: unknown, { signal }: { signal: AbortSignal }): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new KubeError('Aborted', 'stopped')));
  });
}
