import { once } from 'node:events';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { KubeError } from '../../src/kube/errors.ts';
import { RunnableOperator } from '../../src/running.ts';
import { NotYet, waitFor } from '../support/wait.ts';

type Parts = ConstructorParameters<typeof RunnableOperator>[0];

const closed = { close: () => Promise.resolve() };

/** What an operator is made of, none of which does anything. */
function partsOf(parts: object): Parts {
  const logs: string[] = [];
  return {
    config: { metricsAddress: { host: '127.0.0.1', port: 0 }, watchNamespaces: [], clusterKinds: true },
    log: {
      warn: (...words: unknown[]) => void logs.push(String(words.at(-1))),
      info: (...words: unknown[]) => void logs.push(String(words.at(-1))),
      debug: (...words: unknown[]) => void logs.push(String(words.at(-1))),
    },
    metrics: { text: () => Promise.resolve(''), contentType: 'text/plain' },
    skew: { problem: () => undefined },
    kube: {
      ...closed,
      list: () => Promise.resolve({ items: [], resourceVersion: '1' }),
      get: () => Promise.resolve(undefined),
    },
    operatorNamespace: 'ops',
    freshness: { problem: () => undefined, run: () => Promise.resolve() },
    server: 'https://127.0.0.1:6443',
    ...parts,
  } as unknown as Parts;
}

/** A term that leads at once and until its lease is taken away. */
function termOf(run: (stop: AbortSignal, lost: AbortSignal) => Promise<void>): {
  readonly lease: AbortController;
  readonly closed: () => boolean;
  readonly term: Parts['first'];
} {
  const lease = new AbortController();
  let isClosed = false;
  const controllers = {
    stores: { hasSynced: true },
    fillCaches: () => Promise.resolve(),
    synced: () => Promise.resolve(),
    run,
    close: () => {
      isClosed = true;
      return Promise.resolve();
    },
  };
  const leader = { run: () => Promise.resolve(), release: () => Promise.resolve() };
  const term = { controllers, election: { leader, won: Promise.resolve(lease.signal) }, cloudflare: closed };
  return { lease, closed: () => isClosed, term: term as unknown as Parts['first'] };
}

async function untilOneAborts(...signals: readonly AbortSignal[]): Promise<void> {
  const any = AbortSignal.any([...signals]);
  if (!any.aborted) await once(any, 'abort');
}

async function readiness(operator: RunnableOperator): Promise<{ status: number; body: string }> {
  await waitFor('it to listen', () => operator.metricsPort > 0, { timeoutMs: 5000, intervalMs: 5 });
  const { statusCode, body } = await request(`http://127.0.0.1:${operator.metricsPort}/readyz`);
  return { status: statusCode, body: await body.text() };
}

test('what was not heard of the API server is told by /readyz', async () => {
  const stop = new AbortController();
  const neverAnswered = (_: unknown, { signal }: { signal: AbortSignal }): Promise<never> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new KubeError('Aborted', 'stopped')));
    });
  const { term } = termOf(untilOneAborts);
  const operator = new RunnableOperator(
    partsOf({
      kube: {
        ...closed,
        list: neverAnswered,
        get: (_: unknown, ref: unknown, options: { signal: AbortSignal }) => neverAnswered(ref, options),
      },
      freshness: { problem: () => 'the API server was not read yet', run: () => Promise.resolve() },
      first: term,
    }),
  );
  const ended = operator.run(stop.signal);
  expect(await readiness(operator)).toEqual({
    status: 503,
    body: 'apiserver: the API server was not read yet\n',
  });
  stop.abort();
  await ended;
});

test.each([
  ['nothing where all kinds are read', true, []],
  ['that the cluster kinds are not read', false, [expect.stringContaining('OriginZones are not read')]],
])('says at the start %s', async (_, clusterKinds, said) => {
  const stop = new AbortController();
  const lines: string[] = [];
  const operator = new RunnableOperator(
    partsOf({
      config: { metricsAddress: { host: '127.0.0.1', port: 0 }, watchNamespaces: ['a'], clusterKinds },
      log: { info: (line: string) => void lines.push(line), warn: () => undefined },
      first: termOf(untilOneAborts).term,
    }),
  );
  const ended = operator.run(stop.signal);
  await readiness(operator);
  stop.abort();
  await ended;
  expect(lines.filter((line) => line.includes('--cluster-kinds'))).toEqual(said);
});

test('who loses the lease is a candidate again in a term that remembers nothing, until it is stopped', async () => {
  const terms = Array.from({ length: 3 }, () => termOf(untilOneAborts));
  const [first, second, third] = terms as [(typeof terms)[0], (typeof terms)[0], (typeof terms)[0]];
  const left = [second, third];
  let began = 1;
  const begin = (): Parts['first'] => {
    began += 1;
    return (left.shift() ?? third).term;
  };
  const stop = new AbortController();
  const operator = new RunnableOperator(partsOf({ first: first.term, begin }));
  const ended = operator.run(stop.signal);
  for (const [at, { lease, closed: isClosed }] of [first, second].entries()) {
    lease.abort();
    await waitFor(`term ${at + 2}`, () => began === at + 2 || new NotYet(began), { timeoutMs: 5000 });
    expect(isClosed()).toBe(true);
  }
  expect(await readiness(operator)).toEqual({ status: 200, body: 'ok\n' });
  stop.abort();
  await ended;
  expect(third.closed()).toBe(true);
  expect(began).toBe(3);
});

test('says at the start which namespaces are missing', async () => {
  const stop = new AbortController();
  const missing: unknown[] = [];
  const warn = ({ namespace }: { namespace?: string }): void => void missing.push(namespace);
  const config = {
    metricsAddress: { host: '127.0.0.1', port: 0 },
    watchNamespaces: ['a'],
    clusterKinds: true,
  };
  const operator = new RunnableOperator(
    partsOf({ config, log: { info: () => undefined, warn }, first: termOf(untilOneAborts).term }),
  );
  const ended = operator.run(stop.signal);
  await waitFor('both to be told', () => missing.length === 2 || new NotYet(missing), { timeoutMs: 5000 });
  expect(missing).toEqual(['a', 'ops']);
  stop.abort();
  await ended;
});
