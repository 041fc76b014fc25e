import type { Secret } from '../../src/kube/object.ts';
import { decode } from '../../src/secret-facts.ts';
import { inspectPair } from '../../src/pki/inspect.ts';
import type { CertificateView } from '../simulator/protocol.ts';
import { NotYet, waitFor } from '../support/wait.ts';
import { errorMessage } from '../programs/errors.ts';
import type { Journal } from './journal.ts';
import { CAUSES, type Cause, type Ledger } from './ledger.ts';
import { mayHoldLeaked } from './leaked.ts';
import { Help } from './help.ts';
import { pullsProblems } from './pulls-at-rest.ts';
import { isServing } from './serving.ts';
import type { Stage } from './stage.ts';
import { look } from './survey.ts';
import type { Users } from './users.ts';
import { awake } from './wish.ts';

/** What became of the certificates that Cloudflare ever issued. */
export interface Account {
  readonly issued: number;
  readonly revoked: number;
  readonly inSecrets: number;
  readonly superseded: number;
  /** Valid and known to nobody, by what caused it. */
  readonly allowed: ReadonlyMap<Cause, number>;
  /** Objects that had to be helped, by the reason that they gave. */
  readonly refused: ReadonlyMap<string, number>;
}

/**
 * With faults and people stopped: every object is Ready or says why not; those are helped as they ask, and then
 * nothing may be left over, neither in the cluster nor at Cloudflare.
 */
export async function rest(stage: Stage, users: Users, ledger: Ledger, journal: Journal): Promise<Account> {
  const { restMs } = stage.tempo;
  for (const [slot, wish] of users.wishes) await users.wish(slot, awake(wish));
  const refused = new Map<string, number>();
  await settled(journal, 'every object to be Ready or to say why not', restMs, async () => {
    const { problems, refusals, missing } = await look(stage, users);
    await applyAgain(users, missing);
    refused.clear();
    for (const reason of refusals.values()) refused.set(reason, (refused.get(reason) ?? 0) + 1);
    return [...words(problems), ...missing];
  });
  const help = new Help(stage, users);
  await help.all();
  await settled(journal, 'everything to be in place', restMs, async () => {
    const found = await look(stage, users);
    await applyAgain(users, found.missing);
    await help.refused(found.refusals);
    return [
      ...words(found.problems),
      ...words(found.refusals),
      ...found.leaving.map((name) => `${name} does not go`),
      ...found.missing.map((name) => `${name} is not there`),
      ...found.revoked.map((name) => `${name}: its certificate is revoked`),
      ...found.pendings.map((name) => `Secret ${name} is left over`),
      ...(await zoneProblems(stage)),
      ...(await pullsProblems(stage)),
    ];
  });
  return account(stage, users, ledger, journal, refused);
}

async function applyAgain(users: Users, missing: readonly string[]): Promise<void> {
  for (const slot of missing) {
    const wish = users.wishes.get(slot);
    if (wish !== undefined) await users.wish(slot, awake(wish));
  }
}

function words(found: ReadonlyMap<string, string>): readonly string[] {
  return [...found].map(([name, what]) => `${name}: ${what}`);
}

async function settled(
  journal: Journal,
  what: string,
  timeoutMs: number,
  problems: () => Promise<readonly string[]>,
): Promise<void> {
  try {
    await waitFor(
      what,
      async () => {
        const found = await problems();
        return found.length === 0 || new NotYet(found.join('; '));
      },
      { timeoutMs, intervalMs: 500 },
    );
  } catch (error) {
    journal.violation(errorMessage(error));
  }
}

async function zoneProblems(stage: Stage): Promise<readonly string[]> {
  const found = await Promise.all(
    stage.sites.map(async (site) => {
      const conditions = (await stage.zone(site))?.status?.conditions;
      const inSync = conditions?.find(({ type }) => type === 'InSync');
      if (inSync?.status === 'True') return [];
      return [
        `zone ${site.zone}: ${inSync === undefined ? 'no status' : `${inSync.reason}: ${inSync.message}`}`,
      ];
    }),
  );
  return found.flat();
}

/** Every certificate at Cloudflare is in a Secret, named by a status, revoked, or people's doing. */
async function account(
  stage: Stage,
  users: Users,
  ledger: Ledger,
  journal: Journal,
  refused: ReadonlyMap<string, number>,
): Promise<Account> {
  const [objects, all, issued] = await Promise.all([
    stage.certificates(),
    stage.secrets(),
    stage.simulator.certificates(),
  ]);
  const inSecrets = new Set(all.map(idOf));
  const kept = new Set(all.filter((each) => !mayHoldLeaked(each, { places: stage.places, users })).map(idOf));
  const named = new Set(objects.flatMap(({ status }) => status?.superseded?.map(({ id }) => id) ?? []));
  const living = new Set(objects.map(({ metadata }) => metadata.uid));
  const allowed = new Map<Cause, number>(CAUSES.map((cause) => [cause, 0]));
  const valid = issued.filter(({ revokedAt }) => revokedAt === undefined);
  for (const each of valid) {
    if (inSecrets.has(each.id) || named.has(each.id)) continue;
    const cause = ledger.causeOf(each, living, {
      leftToRevoke: users.leftToRevoke,
      byHand: users.adoptions.byHand,
    });
    if (cause !== undefined) allowed.set(cause, (allowed.get(cause) ?? 0) + 1);
    else journal.violation(strayWords(each, ledger));
  }
  for (const [key, twins] of Map.groupBy(valid, ({ publicKeySha256 }) => publicKeySha256))
    if (twins.length > 1)
      journal.violation(
        `${twins.length} valid certificates for key ${key}: ${twins.map(({ id }) => id).join(', ')}`,
      );
  for (const { id, revokedAt } of issued)
    if (revokedAt !== undefined && kept.has(id) && !users.revoked.has(id))
      journal.violation(`certificate ${id} is revoked and in a Secret`);
  return {
    issued: issued.length,
    revoked: issued.length - valid.length,
    inSecrets: valid.filter(({ id }) => inSecrets.has(id)).length,
    superseded: valid.filter(({ id }) => named.has(id) && !inSecrets.has(id)).length,
    allowed,
    refused,
  };
}

function strayWords({ id, hostnames, issuedAt }: CertificateView, ledger: Ledger): string {
  const was = ledger.wasServed(id) ? 'was in a Secret' : 'never was in a Secret';
  return `certificate ${id} for ${hostnames.join(', ')}, issued ${issuedAt}, is a stray: it ${was}, and nobody knows it`;
}

function idOf(secret: Secret): string {
  if (!isServing(secret)) return '';
  const { data } = secret;
  const pair = inspectPair(decode(data?.['tls.crt']), decode(data?.['tls.key']), []);
  return pair.state === 'Matching' ? pair.certificate.id : '';
}
