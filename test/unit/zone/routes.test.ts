import { describe, expect, test } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { KubeError, type KubeErrorKind } from '../../../src/kube/errors.ts';
import { listRoutes, type Routes } from '../../../src/zone/routes.ts';

/** What there is, by plural, or by plural and namespace; an error instead of objects is thrown. */
type World = Readonly<Record<string, readonly object[] | KubeErrorKind>>;

/** What is listed, and which namespaces were asked for. */
async function routesIn(
  world: World,
  namespaces: readonly string[] = [],
): Promise<Routes & { asked: string[] }> {
  const asked: string[] = [];
  const listAll = (resource: { plural: string }, { namespace }: { namespace?: string }) => {
    asked.push(`${resource.plural} ${namespace ?? 'everywhere'}`);
    const found = world[`${resource.plural} ${namespace}`] ?? world[resource.plural] ?? [];
    return typeof found === 'string' ? Promise.reject(new KubeError(found, 'no')) : Promise.resolve(found);
  };
  const kube = { listAll } as unknown as KubeClient; // Only what is asked of it.
  return { ...(await listRoutes(kube, namespaces, AbortSignal.timeout(1000))), asked };
}

const at = (name: string, namespace = 'shop') => ({ metadata: { name, namespace } });

describe('an Ingress', () => {
  test('routes the hosts of its rules and of its TLS to its load balancer', async () => {
    const { routes } = await routesIn({
      ingresses: [
        {
          ...at('web'),
          spec: {
            rules: [{ host: 'WWW.example.com' }, { host: '*.example.com' }, {}],
            tls: [{ hosts: ['www.example.com', 'münchen.example.com'] }, {}],
          },
          status: {
            loadBalancer: {
              ingress: [{ ip: '203.0.113.1' }, { ip: '2001:db8::1' }, { hostname: 'lb.example.net' }, {}],
            },
          },
        },
      ],
    });
    expect(routes.map(({ hostname }) => hostname)).toEqual([
      'www.example.com',
      '*.example.com',
      'www.example.com',
      'xn--mnchen-3ya.example.com',
    ]);
    expect(routes[0]).toMatchObject({
      source: 'Ingress shop/web',
      addresses: ['203.0.113.1:443', '[2001:db8::1]:443', 'lb.example.net:443'],
    });
  });

  test('without status or spec says nothing of addresses', async () => {
    const { routes } = await routesIn({
      ingresses: [{ ...at('new'), spec: { rules: [{ host: 'a.example.com' }] } }, at('bare')],
    });
    expect(routes).toEqual([{ hostname: 'a.example.com', addresses: [], source: 'Ingress shop/new' }]);
  });
});

describe('the Gateway API', () => {
  const gateways = [
    {
      ...at('edge', 'infra'),
      spec: { listeners: [{ hostname: '*.example.com' }, {}] },
      status: { addresses: [{ value: '203.0.113.9' }] },
    },
  ];

  const edge = { name: 'edge', namespace: 'infra' };
  const accepted = { type: 'Accepted', status: 'True', observedGeneration: 3 };
  /** An HTTPRoute of generation 3 that names the Gateway, with what is said of it. */
  const route = (parents?: readonly object[]) => ({
    metadata: { name: 'web', namespace: 'shop', generation: 3 },
    spec: { hostnames: ['www.example.com'], parentRefs: [edge] },
    ...(parents && { status: { parents } }),
  });
  const ofRoutes = async (parents?: readonly object[]) =>
    (await routesIn({ gateways, httproutes: [route(parents)] })).routes.filter(({ source }) =>
      source.startsWith('HTTPRoute'),
    );

  test('routes by Gateways, and by HTTPRoutes that a Gateway accepted', async () => {
    const { routes } = await routesIn({
      gateways,
      httproutes: [route([{ parentRef: edge, conditions: [accepted] }])],
    });
    expect(routes).toEqual([
      { hostname: 'www.example.com', addresses: ['203.0.113.9:443'], source: 'HTTPRoute shop/web' },
      { hostname: '*.example.com', addresses: ['203.0.113.9:443'], source: 'Gateway infra/edge' },
    ]);
  });

  test.each<[string, readonly object[] | undefined]>([
    ['about which nobody said a word', undefined],
    ['that has parents without conditions', [{ parentRef: edge }]],
    ['that was refused', [{ parentRef: edge, conditions: [{ ...accepted, status: 'False' }] }]],
    [
      'that was accepted as it was before',
      [{ parentRef: edge, conditions: [{ ...accepted, observedGeneration: 2 }] }],
    ],
    [
      'of which only the references were resolved',
      [{ parentRef: edge, conditions: [{ ...accepted, type: 'ResolvedRefs' }] }],
    ],
    ['that a Gateway accepted which is not there', [{ parentRef: { name: 'edge' }, conditions: [accepted] }]],
    [
      'that a Service accepted',
      [{ parentRef: { ...edge, group: '', kind: 'Service' }, conditions: [accepted] }],
    ],
    [
      'that something else of that name accepted',
      [{ parentRef: { ...edge, kind: 'ListenerSet' }, conditions: [accepted] }],
    ],
    ['that was accepted by nobody who is named', [{ conditions: [accepted] }]],
  ])('routes nothing by an HTTPRoute %s', async (_, parents) => {
    expect(await ofRoutes(parents)).toEqual([]);
  });

  test('that the cluster does not have is none, and that may not be read is told', async () => {
    const { routes, problems } = await routesIn({ gateways: 'NotFound', httproutes: 'Forbidden' });
    expect(routes).toEqual([]);
    expect(problems).toEqual(['HTTPRoute objects may not be read: no']);
  });

  test('whose listing fails otherwise is tried again', async () => {
    await expect(routesIn({ gateways: 'Network' })).rejects.toThrow('no');
  });
});

test('a namespace that may not be read hides no other', async () => {
  const ingress = { ...at('web', 'b'), spec: { rules: [{ host: 'a.example.com' }] } };
  const { routes, problems } = await routesIn({ 'ingresses a': 'Forbidden', 'ingresses b': [ingress] }, [
    'a',
    'b',
  ]);
  expect(routes.map(({ source }) => source)).toEqual(['Ingress b/web']);
  expect(problems).toEqual(['Ingress objects of namespace a may not be read: no']);
});

test('only the namespaces that are watched are read', async () => {
  const { asked } = await routesIn({}, ['a', 'b']);
  expect(asked.filter((text) => text.startsWith('ingresses'))).toEqual(['ingresses a', 'ingresses b']);
  expect((await routesIn({})).asked).toContain('ingresses everywhere');
});
