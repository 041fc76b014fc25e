import { randomUUID } from 'node:crypto';
import { issuerOf, readPair, signatureOf, type ClientPair, type PairProblem } from '../rules/client-pair.ts';
import type { Transit } from '../rules/deployment.ts';
import type { ClientCertificate, PullLevel } from '../world/origin-pulls.ts';
import type { World } from '../world/world.ts';
import { apiError } from './errors.ts';
import { bodyFields } from './reach.ts';

const PROBLEM_CODES: Readonly<Record<PairProblem, number>> = {
  noCertificate: 1401,
  noLeaf: 1402,
  noKey: 1403,
  otherKey: 1404,
};

/** The pair of an upload's body. Throws the refusal of one that is none. */
export function uploadedPair(body: string): ClientPair {
  const { certificate, private_key: privateKey } = bodyFields(body);
  const pair = readPair(textOf(certificate), textOf(privateKey));
  if (typeof pair === 'string') throw apiError(PROBLEM_CODES[pair]);
  return pair;
}

/** Stores a pair, on its way to the edge from now on. */
export function store(
  world: World,
  pair: ClientPair,
  where: { readonly zoneId: string; readonly level: PullLevel; readonly tokenId?: string },
  rollout: Transit = rolloutFrom(world),
): ClientCertificate {
  const { leaf, certificate, privateKey } = pair;
  const stored: ClientCertificate = {
    ...where,
    id: randomUUID(),
    certificate,
    privateKey,
    fingerprint256: leaf.fingerprint256,
    serialNumber: BigInt(`0x${leaf.serialNumber}`).toString(10),
    issuer: issuerOf(leaf),
    signature: signatureOf(leaf),
    notAfter: leaf.validToDate.getTime(),
    uploadedOn: world.clock.now(),
    rollout,
  };
  world.originPulls.add(stored);
  return stored;
}

/** The way to the edge that begins now, as long as the settings say now. */
export function rolloutFrom({ clock, settings }: World): Transit {
  const { deployMs, deployTimesOut } = settings.originPulls;
  return { beganAt: clock.now(), takesMs: deployMs, timesOut: deployTimesOut };
}

/** The way back. */
export function removalFrom({ clock, settings }: World): Transit {
  const { deleteMs, deleteTimesOut } = settings.originPulls;
  return { beganAt: clock.now(), takesMs: deleteMs, timesOut: deleteTimesOut };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
