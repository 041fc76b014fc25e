import { normalizeHostname } from '../api/hostname.ts';
import type { ClientPair, ProbeTarget, TrustSet, Verdict } from './types.ts';

/** What a unit is judged by. */
export interface Standard {
  readonly trust: TrustSet;
  readonly client: ClientPair | undefined;
  /** Changes whenever a verdict could. */
  readonly text: string;
}

/** One address of one name: what is looked at in one go. The board changes it, nobody else. */
export interface Unit {
  readonly zone: string;
  /** In its normal form. */
  readonly hostname: string;
  /** As the target has it; empty where there is none. */
  readonly address: string;
  /** With one address, or none where there is none. */
  target: ProbeTarget;
  standard: Standard;
  verdicts: readonly Verdict[];
  /** Monotonic: when the last look began that counts; undefined before it, and after a change of the standard. */
  beganMs: number | undefined;
  /** Monotonic: when the routine wants the next look. */
  dueMs: number;
  /** Looks asked for that no look satisfied yet: the earliest and the latest moment from which they may begin. */
  asked: { readonly firstMs: number; readonly lastMs: number } | undefined;
  /** Monotonic: since when it stands in line, or stood before it ran. */
  waitingMs: number;
  state: 'resting' | 'waiting' | 'running' | 'gone';
}

/** One that nobody has looked at: it is due. */
export function newUnit(zone: string, target: ProbeTarget, standard: Standard, nowMs: number): Unit {
  return {
    zone,
    hostname: normalizeHostname(target.hostname),
    address: target.addresses[0] ?? '',
    target,
    standard,
    verdicts: [],
    beganMs: undefined,
    dueMs: nowMs,
    asked: undefined,
    waitingMs: nowMs,
    state: 'resting',
  };
}

/** The same name and address, told anew. It is due where its verdicts could be others by that. */
export function renew(unit: Unit, target: ProbeTarget, standard: Standard, nowMs: number): void {
  const { source, routedBy } = target;
  if (source !== unit.target.source) unit.verdicts = unit.verdicts.map((verdict) => ({ ...verdict, source }));
  // What no connection means is another thing now.
  if (routedBy !== unit.target.routedBy) unit.dueMs = nowMs;
  unit.target = target;
  if (unit.standard.text === standard.text) return;
  unit.standard = standard;
  unit.beganMs = undefined;
  unit.dueMs = nowMs;
}

/** Whether a look that began at or after `ms` is there. */
export function isSeenSince({ beganMs }: Unit, ms: number): boolean {
  return beganMs !== undefined && beganMs >= ms;
}

/** Notes that a look is wanted that begins at or after `ms`, unless it is there. */
export function ask(unit: Unit, ms: number): void {
  if (isSeenSince(unit, ms)) return;
  const { firstMs = ms, lastMs = ms } = unit.asked ?? {};
  unit.asked = { firstMs: Math.min(firstMs, ms), lastMs: Math.max(lastMs, ms) };
}

/** Takes in that a look began at `beganMs` and ended; whether it is one that was asked for. */
export function settle(unit: Unit, beganMs: number): boolean {
  unit.beganMs = beganMs;
  const { asked } = unit;
  if (asked === undefined || asked.firstMs > beganMs) return false;
  unit.asked = asked.lastMs <= beganMs ? undefined : { firstMs: asked.lastMs, lastMs: asked.lastMs };
  return true;
}

/** Whether a look that was asked for may begin. */
export function isAskedBy({ asked }: Unit, nowMs: number): boolean {
  return asked !== undefined && asked.firstMs <= nowMs;
}

/** When the next look may begin. */
export function wantedMs({ asked, dueMs }: Unit): number {
  return Math.min(dueMs, asked?.firstMs ?? Number.POSITIVE_INFINITY);
}

/** Whether two looks say the same; when they were made plays no part. */
export function sameVerdicts(before: readonly Verdict[], after: readonly Verdict[]): boolean {
  return before.length === after.length && before.every((verdict, at) => gist(verdict) === gist(after[at]));
}

function gist(verdict: Verdict | undefined): string {
  return JSON.stringify({ ...verdict, beganMs: 0, at: 0 });
}

/** Results that may be better soon, once somebody has mended the origin. */
const BAD: ReadonlySet<Verdict['result']> = new Set([
  'Refused',
  'Timeout',
  'HandshakeFailed',
  'Untrusted',
  'Expired',
  'NameMismatch',
]);

/** Whether anything is wrong that somebody may be mending. */
export function isBad(verdicts: readonly Verdict[]): boolean {
  return verdicts.some(({ result }) => BAD.has(result));
}

/** What stands for a look that ended in a mistake of ours. */
export function failedLook({ target }: Unit, beganMs: number, at: number): Verdict {
  return {
    hostname: target.hostname,
    address: target.addresses[0] ?? '',
    source: target.source,
    ...(target.fromRecord && { fromRecord: true }),
    result: 'Unverifiable',
    message: "The look failed for a reason of the operator's own, which its log names. It is repeated.",
    presented: undefined,
    tls: false,
    clientCertificate: 'unknown',
    redirectsToHttp: false,
    beganMs,
    at,
  };
}
