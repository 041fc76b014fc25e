import { createCsr } from '../../../src/pki/csr.ts';
import { DEFAULT_KEY, generateKey } from '../../../src/pki/keys.ts';
import { type Origin, tlsOrigin } from '../../support/tls-origin.ts';
import type { Flow } from '../flow.ts';
import type { Ground } from '../ground.ts';
import { rest } from '../rest.ts';
import { ALL_VARIANTS } from '../variant.ts';
import { applyZone, deleteZone, look, seed, zoneName } from './zone-ground.ts';

/** Nothing here depends on how certificates are signed. */
const variants = ALL_VARIANTS.slice(0, 1);

/** The origins of the runs under way. */
const origins = new WeakMap<Ground, Origin>();

/** Serves a proxied name of the zone with a certificate of the Origin CA. */
async function openOrigin(ground: Ground, zoneId: string): Promise<void> {
  const { simulator } = ground.lane;
  const hostname = `www.${zoneName(ground)}`;
  await simulator.seedRecord(zoneId, { name: hostname, type: 'A', content: '203.0.113.7', proxied: true });
  const { keys, privateKeyPem } = await generateKey(DEFAULT_KEY);
  const csr = await createCsr(keys, DEFAULT_KEY, [hostname]);
  const { certificate } = await simulator.sign({ requestType: 'origin-ecc', hostnames: [hostname], csr });
  const pair = { pem: certificate, keyPem: privateKeyPem };
  origins.set(ground, await tlsOrigin({ pair }));
}

function originOf(ground: Ground): Origin {
  const origin = origins.get(ground);
  if (origin === undefined) throw new Error(`${ground.name} has no origin`);
  return origin;
}

/** An OriginZone that asks for strict, and knocks at the run's origin. */
function applyStrict(ground: Ground): Promise<void> {
  return applyZone(ground, {
    settings: { ssl: 'strict' },
    restoreAfter: '1s',
    probes: [{ hostnames: ['*'], addresses: [originOf(ground).address] }],
  });
}

async function strictProblems(ground: Ground): Promise<readonly string[]> {
  const { zone, ssl } = await look(ground);
  const inSync = zone?.status?.conditions?.find(({ type }) => type === 'InSync');
  return [
    ...(ssl === 'strict' ? [] : [`ssl is ${String(ssl)}`]),
    ...(originOf(ground).asked.length > 0 ? [] : ['nobody has looked at the origin']),
    ...(inSync?.status === 'True'
      ? []
      : [`InSync is ${inSync?.status ?? 'absent'}: ${inSync?.message ?? ''}`]),
  ];
}

async function tearDown(ground: Ground): Promise<void> {
  await deleteZone(ground);
  await origins.get(ground)?.[Symbol.asyncDispose]();
}

/** Over full to strict, after the mode was taken from Cloudflare's own crawler and every origin was looked at. */
const raisedToStrict: Flow = {
  name: 'raised-to-strict',
  variants,
  setUp: async (ground) => openOrigin(ground, await seed(ground, { ssl: 'flexible', automaticMode: 'auto' })),
  begin: applyStrict,
  problems: strictProblems,
  tearDown,
};

/** A restore is noted before it is done: one that the operator died of counts, and so does the one after it. */
const restored: Flow = {
  name: 'setting-restored',
  variants,
  setUp: async (ground) => {
    await openOrigin(ground, await seed(ground, { ssl: 'strict', automaticMode: 'custom' }));
    await applyStrict(ground);
    await rest(ground, strictProblems);
  },
  begin: async (ground) => ground.lane.simulator.setZoneMode((await look(ground)).id, 'full'),
  problems: async (ground) => {
    const { zone } = await look(ground);
    const restores = zone?.status?.restores?.length ?? 0;
    return [
      ...(restores < 1 || restores > 1 + ground.lane.killSwitch.kills
        ? [`${restores} restores are told of one`]
        : []),
      ...(await strictProblems(ground)),
    ];
  },
  tearDown,
};

export const ZONE_FLOWS: readonly Flow[] = [raisedToStrict, restored];
