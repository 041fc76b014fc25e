import { describe, expect, test } from 'vitest';
import { KubeError } from '../../../src/kube/errors.ts';
import { type KubeObject } from '../../../src/kube/object.ts';
import { namespaces, type Resource, secrets } from '../../../src/kube/resource.ts';
import type { RequestReport } from '../../../src/kube/transport.ts';
import { waitFor } from '../../support/wait.ts';
import { fieldManager, World } from './world.ts';

/** Every form in which an error might be printed. */
function printed(error: unknown): string {
  const { message, stack, cause } = error as Error;
  return [message, stack, String(cause), JSON.stringify(error)].join('\n');
}

async function failureOf(promise: Promise<unknown>): Promise<KubeError> {
  const error: unknown = await promise.then(
    (value) => new Error(`no failure but ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof KubeError)) throw error;
  return error;
}

describe('reading', () => {
  test('an object that is not there is undefined, not an error', async () => {
    await using w = await World.create();
    expect(await w.proxied.get(secrets, w.ref('no'), { signal: w.signal })).toBeUndefined();
  });

  test('an object keeps every field as it stands on the wire', async () => {
    await using w = await World.create();
    await w.put('a', 'text');
    const read = await w.proxied.get(secrets, w.ref('a'), { signal: w.signal });
    expect(read).toMatchObject({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      data: { key: 'dGV4dA==' },
    });
    expect(read?.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT[\d:]+Z$/);
    expect(read?.metadata.managedFields?.[0]).toMatchObject({ manager: fieldManager, operation: 'Apply' });
  });

  test('labels and fields select, and a list says where a watch may begin', async () => {
    await using w = await World.create();
    await w.direct.create(secrets, { metadata: { ...w.ref('a'), labels: { team: 'x' } } }, w.write);
    await w.direct.create(secrets, { metadata: w.ref('b') }, w.write);
    const { namespace, signal } = w;
    const byLabel = await w.proxied.list(secrets, { namespace, labelSelector: 'team=x', signal });
    expect(byLabel.items.map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect(byLabel.resourceVersion).toMatch(/^\d+$/);
    const byField = await w.proxied.list(secrets, { namespace, fieldSelector: 'metadata.name=b', signal });
    expect(byField.items.map(({ metadata }) => metadata.name)).toEqual(['b']);
  });

  test('pages are one snapshot, and begin anew when the server has forgotten it', async () => {
    await using w = await World.create();
    const names = Array.from({ length: 1_010 }, (_, i) => `s-${String(i).padStart(4, '0')}`);
    for (let i = 0; i < names.length; i += 50) await Promise.all(names.slice(i, i + 50).map((n) => w.put(n)));
    w.proxy.inject({ match: { path: 'continue=' }, count: 1, fault: { type: 'status', status: 410 } });
    const all = await w.proxied.listAll(secrets, { namespace: w.namespace, signal: w.signal });
    expect(all.map(({ metadata }) => metadata.name)).toEqual(names);
    expect(w.proxy.requests.map(({ status }) => status)).toEqual([200, 410, 200, 200, 200]);
    expect(w.proxy.requests.every(({ path }) => path.includes('limit=500'))).toBe(true);
  });

  test('many reads share few connections', async () => {
    await using w = await World.create({ credentialsMs: 0 });
    for (let i = 0; i < 50; i++) await w.proxied.get(secrets, w.ref('no'), { signal: w.signal });
    expect(w.proxy.requests).toHaveLength(50);
    expect(w.proxy.connections).toBeLessThanOrEqual(2);
  });

  test('tells when it last read, what each request came to, and the time of the server', async () => {
    const reports: RequestReport[] = [];
    const dates: number[] = [];
    await using w = await World.create({
      onRequest: (r) => void reports.push(r),
      onDate: (d) => void dates.push(d),
    });
    expect(w.proxied.lastReadMs).toBe(Number.NEGATIVE_INFINITY);
    await w.put('a');
    const before = performance.now();
    await w.proxied.get(secrets, w.ref('a'), { signal: w.signal });
    const { lastReadMs } = w.proxied;
    expect(lastReadMs).toBeGreaterThanOrEqual(before);
    expect(lastReadMs).toBeLessThanOrEqual(w.proxy.requests.at(-1)?.atMs ?? 0);
    await w.proxied.delete(secrets, w.ref('no'), { signal: w.signal });
    // What was refused, and what writes, is no read.
    w.proxy.inject({ count: 1, fault: { type: 'status', status: 500 } });
    await failureOf(w.proxied.get(secrets, w.ref('a'), { signal: w.signal }));
    expect(w.proxied.lastReadMs).toBe(lastReadMs);
    expect(reports).toMatchObject([
      { verb: 'get', resource: 'secrets', statusCode: 200 },
      { verb: 'delete', resource: 'secrets', statusCode: 404, kind: 'NotFound' },
      { verb: 'get', resource: 'secrets', statusCode: 500, kind: 'Server' },
    ]);
    expect(reports.every(({ durationMs }) => durationMs > 0)).toBe(true);
    expect(dates.length).toBeGreaterThanOrEqual(2);
    expect(Math.abs(dates[0]! - Date.now())).toBeLessThan(5_000);
  });
});

describe('writing', () => {
  test('creates once, and says AlreadyExists after', async () => {
    await using w = await World.create();
    const made = await w.proxied.create(secrets, w.secret('a'), w.write);
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(await failureOf(w.proxied.create(secrets, w.secret('a'), w.write))).toMatchObject({
      kind: 'AlreadyExists',
      statusCode: 409,
    });
  });

  test('stores nothing on a dry run', async () => {
    await using w = await World.create();
    await w.proxied.create(secrets, w.secret('a'), { ...w.write, dryRun: true });
    await w.proxied.apply(secrets, w.secret('b'), { ...w.write, dryRun: true });
    expect(await w.direct.listAll(secrets, { namespace: w.namespace, signal: w.signal })).toEqual([]);
  });

  test('applies what is its own, and takes over what is not only by force', async () => {
    await using w = await World.create();
    await w.put('a', 'theirs');
    const mine = { signal: w.signal, fieldManager: 'other' };
    expect(await failureOf(w.proxied.apply(secrets, w.secret('a', 'mine'), mine))).toMatchObject({
      kind: 'Conflict',
      causes: [{ field: '.data.key' }],
    });
    const forced = await w.proxied.apply(secrets, w.secret('a', 'mine'), { ...mine, force: true });
    expect(forced.data).toEqual({ key: Buffer.from('mine').toString('base64') });
  });

  test('refuses an apply and a patch that are based on an older state', async () => {
    await using w = await World.create();
    const old = await w.put('a', 'old');
    await w.put('a', 'new');
    const { resourceVersion } = old.metadata;
    const body = { ...w.secret('a', 'late'), metadata: { ...w.ref('a'), resourceVersion: resourceVersion! } };
    expect(await failureOf(w.proxied.apply(secrets, body, { ...w.write, force: true }))).toMatchObject({
      kind: 'Conflict',
    });
    const patch = { metadata: { resourceVersion, labels: { late: 'yes' } } };
    expect(await failureOf(w.proxied.mergePatch(secrets, w.ref('a'), patch, w.write))).toMatchObject({
      kind: 'Conflict',
    });
  });

  test('merges a patch', async () => {
    await using w = await World.create();
    await w.put('a', 'kept');
    const patched = await w.proxied.mergePatch(
      secrets,
      w.ref('a'),
      { metadata: { labels: { x: 'y' } } },
      w.write,
    );
    expect(patched).toMatchObject({ metadata: { labels: { x: 'y' } }, data: { key: 'a2VwdA==' } });
  });

  test('deletes only what it meant', async () => {
    await using w = await World.create();
    const { uid, resourceVersion } = (await w.put('a')).metadata;
    const { signal } = w;
    expect(await failureOf(w.proxied.delete(secrets, w.ref('a'), { signal, uid: 'another' }))).toMatchObject({
      kind: 'Conflict',
    });
    await w.put('a');
    const stale = w.proxied.delete(secrets, w.ref('a'), { signal, resourceVersion: resourceVersion! });
    expect(await failureOf(stale)).toMatchObject({ kind: 'Conflict' });
    expect(await w.proxied.delete(secrets, w.ref('a'), { signal, uid: uid! })).toBe('deleted');
    expect(await w.proxied.delete(secrets, w.ref('a'), { signal, uid: uid! })).toBe('absent');
  });

  test('passes on what the server warns of', async () => {
    const warnings: string[] = [];
    await using w = await World.create({ onWarning: (text) => void warnings.push(text) });
    const odd = { ...w.secret('a'), oddField: 1 };
    await w.proxied.create(secrets, odd, w.write);
    expect(warnings).toEqual(['unknown field "oddField"']);
  });

  test('sends nothing past a fence that throws, and reads where it lets reads pass', async () => {
    await using w = await World.create();
    let isLost = false;
    const fenced = w.proxied.withFence((access) => {
      if (isLost || access === 'write') throw new Error('the lease is gone');
    });
    const writes = [
      fenced.create(secrets, w.secret('a'), w.write),
      fenced.apply(secrets, w.secret('a'), w.write),
      fenced.mergePatch(secrets, w.ref('a'), {}, w.write),
      fenced.delete(secrets, w.ref('a'), { signal: w.signal }),
    ];
    for (const write of writes) {
      const error = await failureOf(write);
      expect(error.kind).toBe('Fenced');
      expect(error.message).toContain('not sent, the lease is gone');
    }
    expect(w.proxy.requests).toEqual([]);
    expect(await fenced.get(secrets, w.ref('a'), { signal: w.signal })).toBeUndefined();
    isLost = true;
    const read = await failureOf(fenced.get(secrets, w.ref('a'), { signal: w.signal }));
    expect(read.kind).toBe('Fenced');
    expect(w.proxy.requests).toHaveLength(1);
  });
});

describe('after a reconnect', () => {
  test('what hangs on the old connections has failed, and new requests have new ones', async () => {
    await using w = await World.create();
    await w.put('a');
    w.proxy.inject({ count: 1, fault: { type: 'hang', when: 'before' } });
    const hanging = failureOf(w.proxied.get(secrets, w.ref('a'), { signal: w.signal }));
    await waitFor('the request', () => w.proxy.requests.length, { timeoutMs: 10_000 });
    const before = w.proxy.connections;
    await w.proxied.reconnect();
    expect((await hanging).kind).toBe('Network');
    expect(await w.proxied.get(secrets, w.ref('a'), { signal: w.signal })).toBeDefined();
    expect(w.proxy.connections).toBe(before + 1);
  });
});

describe('failures', () => {
  test.each([
    ['a reset before', { type: 'reset', when: 'before' }, 'Network'],
    ['a reset after', { type: 'reset', when: 'after' }, 'Network'],
    ['silence', { type: 'hang', when: 'before' }, 'Timeout'],
    ['a cut body', { type: 'cut' }, 'Network'],
    ['an empty body', { type: 'end' }, 'Server'],
    ['500', { type: 'status', status: 500 }, 'Server'],
    ['HTML', { type: 'status', status: 502, body: '<h1>s3cr3t</h1>', contentType: 'text/html' }, 'Server'],
    ['no JSON', { type: 'status', status: 200, body: 's3cr3t' }, 'Server'],
    ['another object', { type: 'status', status: 200, body: '{"s3cr3t":1}' }, 'Server'],
    ['429', { type: 'status', status: 429, retryAfterSeconds: 7 }, 'TooManyRequests'],
  ] as const)('%s is told by its kind', async (_name, fault, kind) => {
    await using w = await World.create({ timeoutMs: 500 });
    await w.put('a', 's3cr3t');
    w.proxy.inject({ fault });
    const error = await failureOf(w.proxied.get(secrets, w.ref('a'), { signal: w.signal }));
    expect(error.kind).toBe(kind);
    expect(error.message).toMatch(new RegExp(`^get secrets ${w.namespace}/a: `));
    expect(printed(error)).not.toContain('s3cr3t');
    expect(error.retryAfterMs).toBe(kind === 'TooManyRequests' ? 7_000 : undefined);
    expect(w.proxy.requests).toHaveLength(1);
  });

  test.each(['null', '[]', '{}', '{"items":[]}', '{"items":"x","metadata":{"resourceVersion":"1"}}'])(
    'a list that is answered with %s is no empty list',
    async (body) => {
      await using w = await World.create();
      w.proxy.inject({ fault: { type: 'status', status: 200, body } });
      const { namespace, signal } = w;
      expect(await failureOf(w.proxied.list(secrets, { namespace, signal }))).toMatchObject({
        kind: 'Server',
      });
    },
  );

  test('an abort is told as such, a deadline as Timeout', async () => {
    await using w = await World.create();
    w.proxy.inject({ fault: { type: 'hang', when: 'before' } });
    const stop = new AbortController();
    const aborted = failureOf(w.proxied.get(secrets, w.ref('a'), { signal: stop.signal }));
    stop.abort();
    expect(await aborted).toMatchObject({ kind: 'Aborted' });
    const late = w.proxied.get(secrets, w.ref('a'), { signal: AbortSignal.timeout(50) });
    expect(await failureOf(late)).toMatchObject({ kind: 'Timeout' });
  });

  test('what the server refuses to store is not quoted', async () => {
    await using w = await World.create();
    await w.put('a', 's3cr3t');
    const planted = 's3cr3t';
    const metadata = w.ref('b');
    // What follows no TypeScript would let through: the point is what the server says to it.
    const bad = <T extends KubeObject>(resource: Resource<T>, body: object): Promise<KubeError> =>
      failureOf(w.proxied.create(resource, body as T, w.write));
    const errors = [
      await bad(secrets, { metadata, data: { key: planted } }),
      await bad(secrets, { metadata, data: { key: { deep: planted } } }),
      await bad(secrets, { metadata, data: planted }),
      await bad(secrets, { metadata, type: 'kubernetes.io/tls', data: { 'tls.crt': 'czNjcjN0' } }),
      await bad(secrets, { metadata, data: { [`${'x'.repeat(260)}`]: 'czNjcjN0' } }),
      await failureOf(
        w.proxied.apply(secrets, { metadata: w.ref('a'), data: { key: 7 } } as never, {
          ...w.write,
          force: true,
        }),
      ),
      await failureOf(w.proxied.mergePatch(secrets, w.ref('a'), { data: { key: planted } }, w.write)),
      await failureOf(
        w.proxied.mergePatch(secrets, w.ref('a'), { type: 'other', data: { key: 'czNjcjN0' } }, w.write),
      ),
    ];
    expect(new Set(errors.map(({ kind }) => kind))).toEqual(new Set(['BadRequest', 'Invalid', 'Server']));
    for (const error of errors) expect(printed(error)).not.toMatch(/s3cr3t|czNjcjN0|Value:7/);
  });

  test('a kind that RBAC forbids is Forbidden', async () => {
    await using w = await World.create();
    const { cluster } = await import('../../support/cluster.ts');
    const kubeconfigPath = await cluster().kubeconfigFor({ user: 'nobody', groups: [] });
    await using poor = await World.create({ kubeconfigPath, namespace: w.namespace });
    const error = await failureOf(poor.proxied.list(namespaces, { signal: w.signal }));
    expect(error).toMatchObject({ kind: 'Forbidden', statusCode: 403 });
    expect(error.message).toMatch(/^list namespaces: /);
  });
});
