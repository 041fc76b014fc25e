import { withoutIdleRoutes } from '../probe/ways.ts';
import type { OriginResult, ProbeTarget, Verdict } from '../probe/types.ts';
import type { SslMode } from './concern.ts';
import type { FixedOrigin } from './origins.ts';
import type { GateView, OriginLine } from './world.ts';

/** What the DNS records, the routes and the spec say about a zone's origins. */
export interface Origins {
  /** Where to knock. */
  readonly targets: readonly ProbeTarget[];
  /** Names where there is nothing to knock at: NoOrigin, NotProxied, Ignored. */
  readonly fixed: readonly OriginLine[];
  /** Whether these are certainly all. */
  readonly complete: boolean;
  /** Why they are not, as a sentence. */
  readonly incompleteWhy?: string | undefined;
  /** When the records were read that say so, ms since the epoch; undefined: not known. */
  readonly recordsAt?: number | undefined;
}

/** What each result means, worst first: what no mode helps against, what strict refuses, and what holds nothing. */
const RESULTS: readonly { readonly result: OriginResult; readonly code?: number }[] = [
  { result: 'Refused', code: 521 },
  { result: 'Timeout', code: 522 },
  { result: 'HandshakeFailed', code: 525 },
  { result: 'Expired', code: 526 },
  { result: 'NameMismatch', code: 526 },
  { result: 'Untrusted', code: 526 },
  { result: 'Unverifiable' },
  { result: 'NotProxied' },
  { result: 'Valid' },
  { result: 'NoOrigin' },
  { result: 'Ignored' },
];

const SEVERITY: ReadonlyMap<OriginResult, number> = new Map(
  RESULTS.map(({ result }, index) => [result, index]),
);
const CODES: ReadonlyMap<OriginResult, number | undefined> = new Map(
  RESULTS.map(({ result, code }) => [result, code]),
);

/** Results that hold no mode: Cloudflare meets no origin there, or is not to be judged by it. */
const UNCOUNTED: ReadonlySet<OriginResult> = new Set(['NoOrigin', 'NotProxied', 'Ignored']);

/** A name with nothing to knock at, as a line. */
export function fixedLine(origin: FixedOrigin): OriginLine {
  return {
    ...origin,
    address: undefined,
    tls: false,
    redirectsToHttp: false,
    clientCertificate: 'unknown',
    issuer: undefined,
    notAfter: undefined,
    beganMs: undefined,
  };
}

/**
 * The origins with what the probe says of them; verdicts of other names are left out, and a name that nobody has
 * looked at is missing.
 *
 * @param seen as the probe board answers for the moment asked for.
 */
export function gateView(
  origins: Origins,
  seen: { readonly verdicts: readonly Verdict[]; readonly missing: readonly string[] },
): GateView {
  const wanted = new Set(origins.targets.map(({ hostname }) => hostname));
  const verdicts = withoutIdleRoutes(seen.verdicts.filter(({ hostname }) => wanted.has(hostname)));
  const known = new Set(verdicts.map(({ hostname }) => hostname));
  const missing = new Set([
    ...seen.missing.filter((hostname) => wanted.has(hostname)),
    ...[...wanted].filter((hostname) => !known.has(hostname)),
  ]);
  return {
    lines: [...origins.fixed, ...verdicts.map(lineOf)].toSorted(worseFirst),
    complete: origins.complete,
    incompleteWhy: origins.incompleteWhy,
    recordsAt: origins.recordsAt,
    missing: [...missing].toSorted(),
  };
}

function lineOf(verdict: Verdict): OriginLine {
  return {
    hostname: verdict.hostname,
    address: verdict.address,
    source: verdict.source,
    result: verdict.result,
    tls: verdict.tls,
    redirectsToHttp: verdict.redirectsToHttp,
    clientCertificate: verdict.clientCertificate,
    issuer: verdict.presented?.issuer,
    notAfter: verdict.presented?.notAfter,
    message: verdict.message,
    beganMs: verdict.beganMs,
  };
}

/** Whether a mode is held against the line. */
export function counts({ result }: OriginLine): boolean {
  return !UNCOUNTED.has(result);
}

/** Whether Cloudflare would get an answer there in `mode`; false as well where that cannot be known. */
export function passes(line: OriginLine, mode: SslMode): boolean {
  if (!counts(line)) return true;
  switch (mode) {
    case 'off':
    case 'flexible':
      return true; // never reached by TLS
    case 'full':
      return line.tls && line.result !== 'Unverifiable';
    case 'strict':
    case 'origin_pull':
      return line.result === 'Valid';
  }
}

/** How many lines there are of each result, worst first; results that nobody has are left out. */
export function countResults(
  lines: readonly OriginLine[],
): readonly { readonly result: OriginResult; readonly count: number }[] {
  return RESULTS.map(({ result }) => ({
    result,
    count: lines.filter((line) => line.result === result).length,
  })).filter(({ count }) => count > 0);
}

/** The order of status.origins, and of messages. */
export function worseFirst(a: OriginLine, b: OriginLine): number {
  return (
    severity(a) - severity(b) ||
    compareText(a.hostname, b.hostname) ||
    compareText(a.address ?? '', b.address ?? '') ||
    compareText(a.source, b.source)
  );
}

/** The result with what visitors see of it: `Expired (526)`. */
export function resultWords(result: OriginResult): string {
  const code = CODES.get(result);
  return code === undefined ? result : `${result} (${code})`;
}

/** Code points, not the reader's language: the status must come out the same everywhere. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function severity({ result }: OriginLine): number {
  return SEVERITY.get(result) ?? RESULTS.length;
}
