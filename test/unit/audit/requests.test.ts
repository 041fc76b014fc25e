import { describe, expect, test } from 'vitest';
import { countRequests, OPERATOR_USER, type Requests } from '../../audit/requests.ts';

/** A line of the log: a Secret is read by the operator, except as told. */
function line(change: object = {}): string {
  return JSON.stringify({
    kind: 'Event',
    stage: 'ResponseComplete',
    verb: 'get',
    requestURI: '/api/v1/namespaces/shop/secrets/web-tls',
    userAgent: 'origin-ca-operator/0.1.0',
    user: { username: OPERATOR_USER },
    objectRef: { resource: 'secrets', namespace: 'shop', name: 'web-tls', apiVersion: 'v1' },
    responseStatus: { code: 200 },
    annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': 'because' },
    ...change,
  });
}

async function counted(...lines: string[]): Promise<Requests[]> {
  return countedOf(lines, false);
}

async function countedOf(lines: readonly string[], wasRestarted: boolean): Promise<Requests[]> {
  async function* read(): AsyncGenerator<string> {
    yield* lines;
  }
  return countRequests(read(), { user: OPERATOR_USER, wasRestarted });
}

test('requests that differ in nothing but the object are counted together', async () => {
  const other = { resource: 'secrets', namespace: 'blog', name: 'other' };
  expect(await counted(line(), line(), line({ objectRef: other }))).toEqual([
    {
      user: OPERATOR_USER,
      userAgent: 'origin-ca-operator/0.1.0',
      verb: 'get',
      apiGroup: '',
      resource: 'secrets',
      namespace: 'other',
      code: 200,
      decision: 'allow',
      reason: 'because',
      count: 3,
    },
  ]);
});

test('a subresource, a group, a namespace, a status and a decision each tell requests apart', async () => {
  const status = {
    apiGroup: 'originca.dev',
    resource: 'originissuers',
    subresource: 'status',
    namespace: 'shop',
  };
  const lines = [
    line({ objectRef: status }),
    line({ objectRef: { resource: 'secrets', namespace: 'originca-system' } }),
    line({ objectRef: { resource: 'secrets' } }),
    line({ responseStatus: { code: 404 } }),
    line({ responseStatus: { code: 403 }, annotations: { 'authorization.k8s.io/decision': 'forbid' } }),
    line({ objectRef: undefined, requestURI: '/version' }),
  ];
  const found = (await counted(...lines)).map(
    (each) => `${each.apiGroup}|${each.resource}|${each.namespace}|${each.code}|${each.decision}`,
  );
  expect(found).toEqual([
    'originca.dev|originissuers/status|other|200|allow',
    '|secrets|own|200|allow',
    '|secrets|none|200|allow',
    '|secrets|other|404|allow',
    '|secrets|other|403|forbid',
    '|/version|none|200|allow',
  ]);
});

test('what others ask for is not counted, nor a line that is still being written', async () => {
  const someone = { username: `${OPERATOR_USER}-2` };
  expect(await counted(line({ user: someone }), line().slice(0, -20), '')).toEqual([]);
});

test('a watch counts once, when it begins; one that is refused, when it is', async () => {
  const began = line({ verb: 'watch', stage: 'ResponseStarted' });
  const ended = line({ verb: 'watch', stage: 'ResponseComplete' });
  const refused = line({ verb: 'watch', responseStatus: { code: 403 } });
  const found = await counted(began, ended, began, refused);
  expect(found.map(({ code, count }) => [code, count])).toEqual([
    [200, 2],
    [403, 1],
  ]);
});

describe('a refusal', () => {
  const refused = (namespace: string): string =>
    line({
      objectRef: { resource: 'secrets', namespace },
      responseStatus: { code: 403 },
      annotations: { 'authorization.k8s.io/decision': 'forbid' },
    });
  const isCounted = async (lines: readonly string[], wasRestarted: boolean): Promise<boolean> =>
    (await countedOf(lines, wasRestarted)).some(({ decision }) => decision === 'forbid');

  test('by an API server that was started again is none where the same is allowed before or after', async () => {
    expect(await isCounted([line(), refused('shop')], true)).toBe(false);
    expect(await isCounted([refused('shop'), line()], true)).toBe(false);
  });

  test('counts where it was allowed in another namespace only, or another verb was', async () => {
    expect(await isCounted([line(), refused('blog')], true)).toBe(true);
    expect(await isCounted([line({ verb: 'list' }), refused('shop')], true)).toBe(true);
  });

  test('counts by an API server that was started once', async () => {
    expect(await isCounted([line(), refused('shop')], false)).toBe(true);
  });
});
