import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OriginIssuer } from '../../../src/api/v1alpha1.ts';
import { originIssuers } from '../../../src/resources.ts';
import { encode } from '../../../src/secret-facts.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { NAMES, Stage } from './stage.ts';

const ISSUERS = 200;
/** Two that are under way, one that has its turn before the check and one before the POST, and a busy machine's delay. */
const AHEAD = 60;

const signal = (): AbortSignal => AbortSignal.timeout(20_000);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start(['--cloudflare-rate=4', '--cloudflare-burst=4']);
});

afterAll(() => stage[Symbol.asyncDispose]());

/** How often Cloudflare was asked with a token that it does not know. */
async function rubbishAsked(): Promise<number> {
  return (await stage.scene.simulator.requests()).filter(({ tokenId }) => tokenId === undefined).length;
}

test(
  'a tenant with two hundred issuers of rubbish tokens holds up neither the check nor the certificate of another',
  { timeout: 180_000 },
  async () => {
    const { scene, mallory } = stage;
    const make = async (index: number): Promise<void> => {
      const name = `rubbish-${index}`;
      const token = `${index}-`.padEnd(40, 'x');
      await stage.plant({ metadata: { name }, data: { 'api-token': encode(token) } });
      const issuer = {
        metadata: { name, namespace: mallory.namespace },
        spec: { apiTokenSecretRef: { name, key: 'api-token' } },
      };
      const write = { signal: signal(), fieldManager: 'mallory', force: true };
      await mallory.kube.apply(originIssuers, issuer as OriginIssuer, write);
    };
    for (let from = 0; from < ISSUERS; from += 25)
      await Promise.all(Array.from({ length: 25 }, (_, index) => make(from + index)));
    await waitFor(
      'their checks to be under way',
      async () => (await rubbishAsked()) >= 8 || new NotYet(await rubbishAsked()),
      { timeoutMs: 60_000 },
    );

    const before = await rubbishAsked();
    await scene.createIssuer();
    const issuerRef = { kind: 'OriginIssuer', name: 'cloudflare' } as const;
    await scene.applyCertificate('shop', { hostnames: [NAMES.victim], issuerRef });
    const requests = await waitFor(
      'the certificate of the other',
      async () => {
        const all = await scene.simulator.requests();
        return all.some(({ operation }) => operation === 'createCertificate') ? all : new NotYet(all.length);
      },
      { timeoutMs: 120_000 },
    );
    const issued = requests.findIndex(({ operation }) => operation === 'createCertificate');
    const ahead = requests.slice(0, issued).filter(({ tokenId }) => tokenId === undefined).length - before;
    console.log(
      `${ahead} requests for ${ISSUERS} rubbish issuers were sent before a new issuer's certificate`,
    );
    expect(ahead).toBeLessThanOrEqual(AHEAD);
    expect(before + ahead).toBeLessThan(ISSUERS);
    await scene.settled('shop');
    const found = await scene.kube.get(
      originIssuers,
      { name: 'cloudflare', namespace: scene.namespace },
      { signal: signal() },
    );
    expect(found?.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
  },
);
