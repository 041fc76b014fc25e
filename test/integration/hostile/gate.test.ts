import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test, describe } from 'vitest';
import type { OriginZone } from '../../../src/api/v1alpha1.ts';
import type { KubeObject } from '../../../src/kube/object.ts';
import type { Resource } from '../../../src/kube/resource.ts';
import { originZones } from '../../../src/resources.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { SCENE_LABEL } from '../../support/scene-label.ts';
import { refusedBy, said } from '../../support/tenant.ts';
import { type Origin, tlsOrigin, type TlsOriginOptions } from '../../support/tls-origin.ts';
import { authority, leaf } from '../../support/tls-origin-certificates.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { text } from '../certificate/pairs.ts';
import { NAMES, Stage } from './stage.ts';

const MINUTE = 60_000;
/** Where the DNS record leads Cloudflare, and where a controller is reached that mallory chose. */
const RECORDED = '127.0.0.2';
const CHOSEN = '127.0.0.3';
const HTTPS = 443;

const ingresses: Resource<KubeObject> = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  plural: 'ingresses',
  namespaced: true,
};
const write = (fieldManager: string) => ({ signal: AbortSignal.timeout(15_000), fieldManager, force: true });

/** Ingresses are knocked for at 443, at which not everybody may listen. */
const listensAtHttps = await new Promise<boolean>((resolve) => {
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(HTTPS, CHOSEN, () => {
    server.close(() => resolve(true));
  });
});

const clock = new JumpClock();
let stage: Stage;
let zoneId: string;

beforeAll(async () => {
  stage = await Stage.start(['--probe-allow-cidr=127.0.0.0/8', '--zone-interval=1m'], clock);
  const { scene } = stage;
  zoneId = scene.zones.get('example.com') ?? '';
  await scene.simulator.setZoneMode(zoneId, 'full');
  await scene.simulator.seedRecord(zoneId, { name: NAMES.both, type: 'A', content: RECORDED, proxied: true });
});

afterAll(async () => {
  await stage.scene.kube.delete(originZones, zoneRef(), { signal: AbortSignal.timeout(15_000) });
  await stage[Symbol.asyncDispose]();
});

const zoneRef = () => ({ name: stage.scene.namespace });
const mode = async (): Promise<unknown> =>
  (await stage.scene.simulator.zoneSettings(zoneId)).find(({ id }) => id === 'ssl')?.value;

/** The platform team's object, which wants strict as soon as it may be. */
async function wantStrict(): Promise<void> {
  const metadata = { ...zoneRef(), labels: { [SCENE_LABEL]: stage.scene.namespace } };
  const apiTokenSecretRef = { name: 'cluster-token' };
  const spec = { zoneName: 'example.com', apiTokenSecretRef, mode: 'Enforce', settings: { ssl: 'strict' } };
  await stage.scene.apply(originZones, { metadata, spec } as KubeObject);
}

/** Lets minutes pass until the OriginZone is so. */
function until(what: string, holds: (zone: OriginZone) => boolean): Promise<OriginZone> {
  return waitFor(
    what,
    async () => {
      clock.jump(MINUTE);
      const zone = await stage.scene.kube.get(originZones, zoneRef(), {
        signal: AbortSignal.timeout(15_000),
      });
      return zone !== undefined && holds(zone) ? zone : new NotYet(zone?.status ?? 'no status');
    },
    { timeoutMs: 60_000 },
  );
}

/** Each address with what was found there, for the name that mallory may have certificates for. */
const found = ({ status }: OriginZone): Record<string, string> =>
  Object.fromEntries(
    (status?.origins ?? [])
      .filter(({ hostname }) => hostname === NAMES.both)
      .map(({ address = '', result }) => [address, result]),
  );
const isHeld = ({ status }: OriginZone): boolean =>
  status?.settings?.some(({ name, reason }) => name === 'ssl' && reason === 'GateClosed') ?? false;

/** What mallory serves: a certificate that is all right, for a name that they may ask for. */
async function certificateOfMallory(): Promise<Required<Pick<TlsOriginOptions, 'tls'>>> {
  const { kube, namespace } = stage.mallory;
  await stage.ask('both', { hostnames: [NAMES.both] });
  await said(kube, { name: 'both', namespace }, 'Issued');
  const secret = await stage.secretOfMallory('both-tls');
  return { tls: { cert: text(secret, 'tls.crt'), key: text(secret, 'tls.key') } };
}

/** An Ingress of mallory's, of a class whose controller is theirs: it writes the address, as any does. */
async function route(): Promise<void> {
  const { kube, namespace } = stage.mallory;
  const backend = { service: { name: 'web', port: { number: 80 } } };
  const rule = { host: NAMES.both, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } };
  const metadata = { name: 'web', namespace };
  const spec = { ingressClassName: 'internal', rules: [rule] };
  await kube.apply(ingresses, { metadata, spec } as KubeObject, write('mallory'));
  const status = { metadata, status: { loadBalancer: { ingress: [{ ip: CHOSEN }] } } } as KubeObject;
  expect(await refusedBy(kube.apply(ingresses, status, { ...write('mallory'), subresource: 'status' }))).toBe(
    'Forbidden',
  );
  await stage.scene.kube.apply(ingresses, status, { ...write('controller'), subresource: 'status' });
}

describe.skipIf(!listensAtHttps)(
  'an Ingress of a tenant, of a name that they may have certificates for',
  () => {
    test(
      'has strict switched on by nothing that is served where they chose: where the record leads decides',
      { timeout: 180_000 },
      async () => {
        const { tls } = await certificateOfMallory();
        const pair = await leaf(await authority('Somebody'), [NAMES.both]);
        const serve = (host: '127.0.0.2' | '127.0.0.3', change: Partial<TlsOriginOptions>): Promise<Origin> =>
          tlsOrigin({ pair, host, port: HTTPS, ...change });
        await using chosen = await serve(CHOSEN, { tls });
        await route();
        await wantStrict();

        await until('what nobody can see to hold the gate, whatever is served elsewhere', (zone) => {
          const { [`${RECORDED}:443`]: recorded, [`${CHOSEN}:443`]: elsewhere } = found(zone);
          return isHeld(zone) && recorded === 'Unverifiable' && elsewhere === 'Valid';
        });
        expect(chosen.asked).toContain(NAMES.both);
        expect(await mode()).toBe('full');

        const bad = await serve(RECORDED, {});
        await until('the certificate of nobody to hold the gate', (zone) => {
          return isHeld(zone) && found(zone)[`${RECORDED}:443`] === 'Untrusted';
        });
        expect(await mode()).toBe('full');
        await bad[Symbol.asyncDispose]();

        await using _good = await serve(RECORDED, { tls });
        await until('strict, once it is served there', ({ status }) =>
          (status?.settings ?? []).some(({ name, inSync }) => name === 'ssl' && inSync),
        );
        expect(await mode()).toBe('strict');
      },
    );
  },
);
