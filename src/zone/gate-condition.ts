import type { Condition } from '../api/conditions.ts';
import type { SslMode } from './concern.ts';
import { counts, passes, resultWords } from './gate.ts';
import { listWords, plural } from './gate-look.ts';
import type { GateView, OriginLine } from './world.ts';

/** Why OriginsVerified is as it is. */
export type OriginsReason =
  | 'AllVerified'
  | 'NothingToVerify'
  | 'Skipped'
  | 'OriginsFailing'
  | 'Probing'
  | 'RecordsUnknown'
  | 'TrustedCAUnusable';

export type OriginsVerdict = Pick<Condition, 'status' | 'message'> & { readonly reason: OriginsReason };

export interface OriginsQuestion {
  /** With verdicts of any age: what was found last counts until something else is found. */
  readonly view: GateView;
  readonly gate: 'Verified' | 'Skip';
  /** The mode at Cloudflare; undefined while it is not known. */
  readonly ssl: SslMode | undefined;
}

/** Names in a condition; status.origins has up to a hundred. */
const SHOWN = 5;

/** The condition OriginsVerified: whether every origin serves what Full (strict) accepts. */
export function originsVerified({ view, gate, ssl }: OriginsQuestion): OriginsVerdict {
  const notProxied = view.lines.filter(({ result }) => result === 'NotProxied');
  const verdict = verdictOf(view, gate, ssl);
  return { ...verdict, message: [verdict.message, ...notProxiedWords(notProxied)].join(' ') };
}

function verdictOf(view: GateView, gate: 'Verified' | 'Skip', ssl: SslMode | undefined): OriginsVerdict {
  const counted = view.lines.filter(counts);
  const failing = counted.filter((line) => !passes(line, 'strict'));
  if (gate === 'Skip') return skipped(failing, counted.length);
  if (failing.length > 0) return originsFailing(failing, counted.length, ssl);
  if (!view.complete) {
    const message = view.incompleteWhy ?? 'The DNS records of the zone are not known yet.';
    return { status: 'Unknown', reason: 'RecordsUnknown', message };
  }
  if (view.missing.length > 0) {
    const names = listWords(view.missing, SHOWN);
    const message = `${plural(view.missing.length, 'name')} not looked at yet: ${names}. They are looked at by turns; nothing needs to be done.`;
    return { status: 'Unknown', reason: 'Probing', message };
  }
  if (counted.length === 0) {
    const message = 'The zone has no proxied origin to look at.';
    return { status: 'True', reason: 'NothingToVerify', message };
  }
  const message =
    counted.length === 1
      ? 'The one origin serves a certificate that Full (strict) accepts.'
      : `All ${counted.length} origins serve certificates that Full (strict) accepts.`;
  return { status: 'True', reason: 'AllVerified', message };
}

function skipped(failing: readonly OriginLine[], of: number): OriginsVerdict {
  const found =
    failing.length === 0 ? '' : ` Strict fails at ${failing.length} of ${of}: ${namesOf(failing)}.`;
  return {
    status: 'True',
    reason: 'Skipped',
    message: `spec.gate.origins is Skip: no mode waits for the origins.${found}`,
  };
}

function originsFailing(
  failing: readonly OriginLine[],
  of: number,
  ssl: SslMode | undefined,
): OriginsVerdict {
  const [worst] = failing;
  const message =
    `${failing.length} of ${plural(of, 'origin')} ${failing.length === 1 ? 'does' : 'do'} not pass for Full (strict): ` +
    `${namesOf(failing)}. ${consequence(failing, ssl)} ${worst?.hostname ?? ''}: ${worst?.message ?? ''}`;
  return { status: 'False', reason: 'OriginsFailing', message };
}

function namesOf(lines: readonly OriginLine[]): string {
  const words = lines.map(({ hostname, address, result }) =>
    address === undefined
      ? `${hostname} ${resultWords(result)}`
      : `${hostname} at ${address} ${resultWords(result)}`,
  );
  return listWords(words, SHOWN);
}

/** What visitors have of it in the mode of now. A mode that is on is never lowered for it. */
function consequence(failing: readonly OriginLine[], ssl: SslMode | undefined): string {
  const held = 'Strict is not switched on before they pass.';
  if (ssl === undefined) return held;
  const broken = failing.filter((line) => line.result !== 'Unverifiable' && !passes(line, ssl));
  const isStrict = ssl === 'strict' || ssl === 'origin_pull';
  if (broken.length === 0) {
    return isStrict
      ? 'Whether visitors reach them cannot be told from here; the mode is left as it is.'
      : held;
  }
  const now = `Visitors get ${broken.length === failing.length ? 'these errors' : 'the errors named'} now, under ssl ${ssl}.`;
  return isStrict ? `${now} Mend them at the origins: the mode is left as it is.` : `${now} ${held}`;
}

/** Without a record visitors meet nothing; with one that is not proxied they meet what their browsers refuse. */
function notProxiedWords(lines: readonly OriginLine[]): readonly string[] {
  const named = [
    { begin: 'Not proxied, so that browsers meet a certificate they refuse', of: false },
    { begin: 'Without a DNS record', of: true },
  ].map(({ begin, of }) => ({
    begin,
    names: lines.filter(({ withoutRecord = false }) => withoutRecord === of).map(({ hostname }) => hostname),
  }));
  return named
    .filter(({ names }) => names.length > 0)
    .map(
      ({ begin, names }) =>
        `${begin}: ${listWords(names, SHOWN)} (${plural(names.length, 'name')} of OriginCertificates).`,
    );
}
