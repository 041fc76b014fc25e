import { KubeConfig } from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import { KubeError, type KubeErrorKind } from '../../src/kube/errors.ts';
import { type ReachOptions, reachApiServer, serverOf } from '../../src/reach.ts';
import { StartError } from '../../src/start-error.ts';
import { NotYet, waitFor } from '../support/wait.ts';

const SERVER = 'https://10.0.0.1:6443';

/** An API server that answers with the errors, one after the other, then with a list. */
function answering(
  ...errors: readonly Error[]
): ReachOptions & { readonly asked: unknown[]; readonly told: string[] } {
  const asked: unknown[] = [];
  const told: string[] = [];
  const left = [...errors];
  return {
    asked,
    told,
    server: SERVER,
    namespaces: [],
    stop: new AbortController().signal,
    onFailure: (error) => void told.push(error.kind),
    limitMs: 1500,
    kube: {
      list: (_resource, { namespace, limit }) => {
        asked.push({ namespace, limit });
        const error = left.shift();
        return error ? Promise.reject(error) : Promise.resolve({ items: [], resourceVersion: '1' });
      },
    },
  };
}

const failing = (kind: KubeErrorKind): KubeError => new KubeError(kind, `list: ${kind}`);

describe('before it works, the operator looks at what it will list', () => {
  test('once where all is well: in the first of its namespaces, or in all', async () => {
    const all = answering();
    await reachApiServer(all);
    const one = answering();
    await reachApiServer({ ...one, namespaces: ['shop', 'blog'] });
    expect([all.asked, one.asked]).toEqual([
      [{ namespace: undefined, limit: 1 }],
      [{ namespace: 'shop', limit: 1 }],
    ]);
  });

  test('again where it is too early, and says so once', async () => {
    const server = answering(failing('Network'), failing('NotFound'));
    await reachApiServer(server);
    expect(server.asked).toHaveLength(3);
    expect(server.told).toEqual(['Network']);
  });

  test.each<[KubeErrorKind, string]>([
    ['Network', `The API server ${SERVER} cannot be reached (list: Network): correct the server and its CA`],
    ['Unauthorized', 'does not accept the credentials (list: Unauthorized): give others with --kubeconfig'],
    ['Forbidden', 'read OriginCertificates in all namespaces (list: Forbidden): apply deploy/'],
    [
      'NotFound',
      'does not know OriginCertificates (list: NotFound): install the CRDs first with kubectl apply -k crds',
    ],
  ])('until its time is over, and then says what to mend: %s', async (kind, words) => {
    const server = answering(...Array.from({ length: 10 }, () => failing(kind)));
    const ended = reachApiServer({ ...server, limitMs: 1 });
    await expect(ended).rejects.toThrow(StartError);
    await expect(ended).rejects.toThrow(words);
  });

  test('no longer than until it is stopped', async () => {
    const stop = new AbortController();
    const server = answering(...Array.from({ length: 100 }, () => failing('Network')));
    let looking = true;
    const ended = reachApiServer({ ...server, limitMs: 60_000, stop: stop.signal }).then(() => {
      looking = false;
    });
    stop.abort();
    const isOver = (): boolean | NotYet => !looking || new NotYet(`looked ${server.asked.length} times`);
    await waitFor('the looking to end', isOver, { timeoutMs: 5000 });
    await ended;
    expect(server.asked.length).toBeLessThan(100);
  });

  test('and passes on what is no answer of an API server', async () => {
    await expect(reachApiServer(answering(new TypeError('a bug')))).rejects.toThrow('a bug');
  });
});

test('the server is shown without what its URL may carry beside', () => {
  const config = new KubeConfig();
  const server = 'https://me:secret@k8s.example:6443/base/?token=x';
  config.loadFromClusterAndUser({ name: 'c', server, skipTLSVerify: false }, { name: 'u' });
  expect(serverOf(config)).toBe('https://k8s.example:6443/base');
});
