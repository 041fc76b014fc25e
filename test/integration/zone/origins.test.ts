import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/kube/object.ts';
import type { Resource } from '../../../src/kube/resource.ts';
import { Scene } from '../../support/scene.ts';
import { conditionOf, SceneZones } from '../../support/scene-zone.ts';

const ingresses: Resource<KubeObject> = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  plural: 'ingresses',
  namespaced: true,
};

let scene: Scene;
let zones: SceneZones;
let zoneId: string;

beforeAll(async () => {
  scene = await Scene.start('zone-origins', { zones: [] });
  zones = new SceneZones(scene);
  await zones.startOperator();
});
beforeEach(async () => {
  ({ id: zoneId } = await scene.simulator.seedZone({ name: 'example.com', ssl: 'full' }));
});
afterEach(async () => {
  await zones.deleteAll();
  await scene.simulator.settings({ recordNames: 'punycode' });
  await scene.simulator.remove('zone', zoneId);
});
afterAll(() => scene[Symbol.asyncDispose]());

const seed = (name: string, content: string, proxied = true): Promise<unknown> =>
  scene.simulator.seedRecord(zoneId, {
    name,
    type: /^[\d.]+$/.test(content) ? 'A' : 'CNAME',
    content,
    proxied,
  });

/** The line of a hostname that has this result, once there is one. */
async function line(hostname: string, result: string) {
  const isIt = (each: { readonly hostname: string; readonly result: string }): boolean =>
    each.hostname === hostname && each.result === result;
  const zone = await zones.until(`${result} for ${hostname}`, ({ status }) =>
    (status?.origins ?? []).some(isIt),
  );
  return zone.status?.origins?.find(isIt);
}

describe('a proxied name', () => {
  test('that leads to a tunnel has no origin, and holds nothing', async () => {
    await seed('www.example.com', 'a1b2.cfargotunnel.com');
    await zones.apply({ mode: 'Enforce', settings: { ssl: 'strict' } });
    expect((await line('www.example.com', 'NoOrigin'))?.source).toContain('CNAME');
    await zones.condition('InSync', 'InSync', { status: 'True' });
  });

  test('that spec.gate.ignore names is shown and left out', async () => {
    await seed('old.example.com', '203.0.113.7');
    await zones.apply({
      mode: 'Enforce',
      settings: { ssl: 'strict' },
      gate: { ignore: ['old.example.com'] },
    });
    expect((await line('old.example.com', 'Ignored'))?.message).toContain('spec.gate.ignore');
    await zones.condition('InSync', 'InSync', { status: 'True' });
  });

  test('whose name does not resolve holds the gate, and spec.probes is named', async () => {
    await seed('www.example.com', 'nowhere.invalid');
    await zones.apply({ mode: 'Enforce', settings: { ssl: 'strict' } });
    const found = await line('www.example.com', 'Unverifiable');
    expect(found?.message).toContain('spec.probes');
    await zones.condition('OriginsVerified', 'OriginsFailing', { status: 'False' });
    await zones.condition('InSync', 'GateClosed', { status: 'False' });
  });

  test('is knocked for where the Ingress that routes it is reached, beside its record', async () => {
    const metadata = { name: 'web', namespace: scene.namespace };
    const backend = { service: { name: 'web', port: { number: 80 } } };
    const rule = { host: 'www.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } };
    await scene.apply(ingresses, { metadata, spec: { rules: [rule] } });
    const status = { loadBalancer: { ingress: [{ ip: '127.0.0.1' }] } };
    await scene.kube.apply(ingresses, { metadata, status } as KubeObject, {
      signal: AbortSignal.timeout(10_000),
      fieldManager: 'test',
      force: true,
      subresource: 'status',
    });
    await seed('www.example.com', '127.0.0.9');
    await zones.apply();
    const source = `Ingress ${scene.namespace}/web`;
    expect(await line('www.example.com', 'Refused')).toMatchObject({ address: '127.0.0.1:443', source });
    const recorded = await line('www.example.com', 'Unverifiable');
    expect(recorded).toMatchObject({ address: '127.0.0.9:443', source: 'DNS record A www.example.com' });
    expect(recorded?.message).toContain(source);
  });

  test('of an international domain is one name however it is spelled', async () => {
    await scene.simulator.settings({ recordNames: 'unicode' });
    await seed('münchen.example.com', 'a1b2.cfargotunnel.com');
    await zones.apply();
    await line('xn--mnchen-3ya.example.com', 'NoOrigin');
  });
});

test('a hostname of an OriginCertificate that visitors reach past Cloudflare is named', async () => {
  await seed('grey.example.com', '203.0.113.7', false);
  await zones.apply();
  await zones.condition('OriginsVerified', 'NothingToVerify');
  await scene.createIssuer();
  await scene.applyCertificate('grey', { hostnames: ['grey.example.com', 'gone.example.com'] });
  expect((await line('grey.example.com', 'NotProxied'))?.message).toContain('grey cloud');
  expect((await line('gone.example.com', 'NotProxied'))?.message).toContain('no DNS record');
  await scene.deleteCertificate('grey');
  await zones.until('they are forgotten', ({ status }) => status?.origins?.length === 0);
});

describe('the roots of trustedCASecretRef', () => {
  test('that are missing keep the gate closed, and are named', async () => {
    await zones.apply({
      mode: 'Enforce',
      settings: { ssl: 'strict' },
      gate: { trustedCASecretRef: { name: 'roots', key: 'ca.crt' } },
    });
    const zone = await zones.condition('OriginsVerified', 'TrustedCAUnusable', { status: 'Unknown' });
    expect(conditionOf(zone, 'OriginsVerified')?.message).toContain('Secret roots');
    expect(conditionOf(zone, 'Stalled')).toMatchObject({ status: 'True', reason: 'TrustedCAUnusable' });
    await zones.until(
      'the gate to be closed for the roots',
      (seen) => conditionOf(seen, 'InSync')?.message.includes('Secret roots') ?? false,
    );
  });
});

test('5,000 records are listed once, counted, and shown by the worst hundred', async () => {
  await scene.simulator.seedRecords(zoneId, { count: 5000, content: '192.0.2.7', proxied: true });
  const before = (await scene.simulator.requests({ operation: 'listRecords' })).length;
  await zones.apply();
  const zone = await zones.until('all are counted', ({ status }) =>
    (status?.originCounts ?? []).some(({ result, count }) => result === 'NoOrigin' && count >= 5000),
  );
  expect(zone.status?.origins).toHaveLength(100);
  expect((await scene.simulator.requests({ operation: 'listRecords' })).length - before).toBeLessThanOrEqual(
    101,
  );
  expect(JSON.stringify(zone.status).length).toBeLessThan(100_000);
});
