import { ANNOTATION, ORIGIN_PULL_SECRET_TYPE } from '../../api/names.ts';
import { rfc3339 } from '../../api/conditions.ts';
import { CloudflareError } from '../../cloudflare/errors.ts';
import {
  createAuthority,
  issueClientCertificate,
  readAuthority,
  type SigningAuthority,
} from '../../pki/authority.ts';
import type { ZonePass } from '../concern.ts';
import type { PullsContext } from './context.ts';
import { askOrigins } from './ask.ts';
import type { PullMemory } from './memory.ts';
import type { Seen } from './observe.ts';
import { publish } from './publish.ts';
import { createStore, isStillWanted, patchStore, type StoreChange } from './store-io.ts';
import { movedData, pairIn, pullSecretName, slotData } from './stored.ts';
import type { LeafSlot, PullEffect } from './world.ts';

/** What an effect works with. */
export interface Work {
  readonly context: PullsContext;
  readonly pass: ZonePass;
  readonly memory: PullMemory;
  readonly seen: Seen;
  readonly signal: AbortSignal;
}

/**
 * Carries out the one effect of a pass. Every change of our Secret is made to the Secret as it was read, else nothing
 * happens, what is there has `changed`, and the next pass looks again.
 */
export async function act(work: Work, effect: PullEffect): Promise<'done' | 'changed'> {
  const { context, pass, signal } = work;
  if (!(await isStillWanted(context, pass, signal))) return 'changed';
  return (await carryOut(work, effect)) === 'changed' ? 'changed' : 'done';
}

function carryOut(work: Work, effect: PullEffect): Promise<unknown> {
  const { context, pass, signal } = work;
  const { client, facts } = pass;
  switch (effect.do) {
    case 'CreateStore':
      return newStore(work).then((store) => createStore(work, store));
    case 'AddCa':
      return newCa(work).then((ca) => patchStore(work, { data: slotData('nextCa', ca) }));
    case 'DropNextCa':
      return patchStore(work, { data: slotData('nextCa', undefined) });
    case 'PromoteCa':
      return patchStore(work, { data: promotedCa(work) });
    case 'MakeLeaf':
      return makeLeaf(work, effect.slot, effect.signer);
    case 'PromoteLeaf':
      return patchStore(work, { data: moved(work, 'nextLeaf', 'leaf') });
    case 'Upload':
      return upload(work, effect.slot);
    case 'Delete':
      return effect.failed
        ? deleteFailed(work, effect.id)
        : client.deleteClientCertificate(facts.id, effect.id, { signal });
    case 'Enable':
      return enable(work, effect.enabled);
    case 'SetShared':
      return client.patchSetting(facts.id, 'tls_client_auth', effect.on ? 'on' : 'off', { signal });
    case 'NotePresenting':
      return patchStore(work, {
        annotations: { [ANNOTATION.presentingSince]: rfc3339(context.clock.now()) },
      });
    case 'Publish':
      return publishAll(work, effect);
    case 'AskOrigins':
      return ask(work, effect);
  }
}

/** Our Secret at its beginning. A given CA's key stays where it is. */
async function newStore({ context, pass, seen }: Work): Promise<Parameters<typeof createStore>[1]> {
  const { name } = pass.zone.metadata;
  const data = slotData('ca', await newCa({ context, pass, seen }));
  return {
    metadata: {
      name: pullSecretName(name),
      namespace: context.operatorNamespace,
      annotations: { [ANNOTATION.originZone]: name },
    },
    type: ORIGIN_PULL_SECRET_TYPE,
    data: Object.fromEntries(
      Object.entries(data).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
    ),
  };
}

async function newCa({
  context,
  pass,
  seen,
}: Pick<Work, 'context' | 'pass' | 'seen'>): Promise<{ certificate: string; privateKey?: string }> {
  const { wantedCa } = seen.world;
  if (wantedCa.state === 'given') return { certificate: wantedCa.ca.pem };
  return createAuthority(pass.facts.name, context.clock.now());
}

/** With the old CA its leaf goes, where a leaf of it is still kept. */
function promotedCa(work: Work): NonNullable<StoreChange['data']> {
  const { store } = work.seen.world;
  const ofOldCa = store.state === 'ours' && store.stored.leaf?.signer === store.stored.ca.fingerprint;
  return { ...moved(work, 'nextCa', 'ca'), ...(ofOldCa ? slotData('leaf', undefined) : {}) };
}

function moved(
  { seen }: Work,
  from: 'nextCa' | 'nextLeaf',
  to: 'ca' | 'leaf',
): NonNullable<StoreChange['data']> {
  return seen.secret === undefined ? {} : movedData(seen.secret, from, to);
}

async function makeLeaf(work: Work, slot: LeafSlot, signer: string): Promise<unknown> {
  const { context, pass } = work;
  const pair = await issueClientCertificate(authorityOf(work, signer), pass.facts.name, context.clock.now());
  return patchStore(work, { data: slotData(slot, pair), annotations: { [ANNOTATION.postedAt]: null } });
}

/** The CA of this fingerprint with its key: from our Secret, or the given one. */
function authorityOf({ seen }: Work, fingerprint: string): SigningAuthority {
  if (seen.given?.certificate.fingerprint256 === fingerprint) return seen.given;
  for (const slot of ['ca', 'nextCa'] as const) {
    const pair = seen.secret && pairIn(seen.secret, slot);
    const authority = pair && readAuthority(pair.certificate, pair.privateKey);
    if (
      authority !== undefined &&
      !('problem' in authority) &&
      authority.certificate.fingerprint256 === fingerprint
    )
      return authority;
  }
  throw new TypeError('a CA without a key was chosen to sign');
}

/** The Secret says that an upload is out before it is: whatever becomes of the answer, nothing is uploaded twice. */
async function upload(work: Work, slot: LeafSlot): Promise<'changed' | undefined> {
  const { context, pass, seen, signal } = work;
  const pair = seen.secret && pairIn(seen.secret, slot);
  if (pair === undefined) return 'changed';
  const postedAt = new Date(context.clock.now()).toISOString();
  const patched = await patchStore(work, { annotations: { [ANNOTATION.postedAt]: postedAt } });
  if (patched === 'changed') return patched;
  try {
    await pass.client.uploadClientCertificate(pass.facts.id, pair, { signal });
  } catch (error) {
    if (error instanceof CloudflareError && error.definite) {
      const unposted = { annotations: { [ANNOTATION.postedAt]: null } };
      await patchStore({ ...work, seen: { ...seen, secret: patched } }, unposted);
    }
    throw error;
  }
  return undefined;
}

/** The upload has arrived, as its failure shows: nothing is out any more, and the next one waits for its turn. */
async function deleteFailed(work: Work, id: string): Promise<'changed' | undefined> {
  const { pass, memory, signal } = work;
  const patched = await patchStore(work, { annotations: { [ANNOTATION.postedAt]: null } });
  if (patched === 'changed') return patched;
  memory.deploymentFailed();
  await pass.client.deleteClientCertificate(pass.facts.id, id, { signal });
  return undefined;
}

/** That it is presented is forgotten before it is switched: what counts is noted anew when Cloudflare says so. */
async function enable(work: Work, enabled: boolean): Promise<'changed' | undefined> {
  const { pass, seen, signal } = work;
  const { store } = seen.world;
  if (store.state === 'ours' && store.stored.presentingSince !== undefined) {
    const patched = await patchStore(work, { annotations: { [ANNOTATION.presentingSince]: null } });
    if (patched === 'changed') return patched;
  }
  await pass.client.putOriginPullSettings(pass.facts.id, enabled, { signal });
  return undefined;
}

async function publishAll(work: Work, effect: Extract<PullEffect, { do: 'Publish' }>): Promise<void> {
  const { context, pass, memory, signal } = work;
  for (const target of effect.objects)
    await publish(context, pass, memory, { target, bundle: effect.bundle }, signal);
}

/** With a leaf of that CA: one that is kept for presenting, else one made for this question alone. */
async function ask(work: Work, { ca, origins }: Extract<PullEffect, { do: 'AskOrigins' }>): Promise<void> {
  const { context, pass, memory, seen } = work;
  const { store } = seen.world;
  const kept = SLOTS.find((slot) => store.state === 'ours' && store.stored[slot]?.signer === ca);
  const pair =
    (kept && seen.secret && pairIn(seen.secret, kept)) ??
    (await issueClientCertificate(authorityOf(work, ca), pass.facts.name, context.clock.now()));
  const client = { certificate: pair.certificate, key: pair.privateKey };
  askOrigins(context, pass, memory, { ca, origins, client });
}

const SLOTS: readonly LeafSlot[] = ['leaf', 'nextLeaf'];
