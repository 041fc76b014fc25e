import { counts, passes } from './gate.ts';
import {
  agesMs,
  freshMs,
  listWords,
  type Look,
  look,
  plural,
  unseenWords,
  wantedProbes,
  worstWords,
} from './gate-look.ts';
import { hstsOf } from './hsts.ts';
import { isDrift, isRestore, restoreDueMs } from './drift.ts';
import { agedRecordsWords } from './records.ts';
import { sslModeOf, textOf, usesTls } from './settings.ts';
import { type Difference, hold, howToStop, observedSsl } from './settings-difference.ts';
import type { OriginLine, SettingAction, ZoneWorld } from './world.ts';

/** Two may not choose the mode: Cloudflare's own choice is ended first. */
export function automaticMode(difference: Difference): SettingAction | undefined {
  const reading = difference.world.readings.sslAutomaticMode;
  if (reading?.value === 'custom') return undefined;
  if (reading === undefined) {
    return hold(difference, 'AutomaticMode', 'Whether Cloudflare chooses it by itself is not known yet.');
  }
  const message = `Cloudflare chooses it by itself (sslAutomaticMode ${textOf('sslAutomaticMode', reading.value)}); that is set to custom first.`;
  return hold(difference, 'AutomaticMode', message);
}

/** Under off Cloudflare sends visitors from https to http: nothing may send them back. */
export function offShutsOut(difference: Difference): SettingAction | undefined {
  if (difference.to !== 'off') return undefined;
  const { readings, spec } = difference.world;
  const redirect = readings.alwaysUseHttps?.value;
  if (redirect !== 'off') {
    const why =
      redirect === undefined
        ? 'Whether alwaysUseHttps is on is not known yet.'
        : 'Under off Cloudflare redirects https to http, and alwaysUseHttps redirects it back: visitors would go in circles. ' +
          'Set spec.settings.alwaysUseHttps to false first.';
    const stalled = redirect !== undefined && spec.settings?.alwaysUseHttps !== false;
    return hold(difference, 'WouldLoop', why, { stalled });
  }
  const hsts = readings.hsts && hstsOf(readings.hsts.value);
  if (hsts?.enabled === false) return undefined;
  const why =
    hsts === undefined
      ? 'Whether hsts is enabled is not known yet.'
      : 'hsts is enabled: browsers that remember it refuse http and would be shut out. ' +
        'Disable spec.settings.hsts first, and wait for its maxAge to pass.';
  return hold(difference, 'LockIn', why, {
    stalled: hsts !== undefined && spec.settings?.hsts?.enabled !== false,
  });
}

/** The gate: full needs TLS of every origin, strict and origin_pull a certificate that Cloudflare accepts. */
export function originsAllow(difference: Difference): SettingAction | undefined {
  if (!needsOrigins(difference) || isSkipped(difference.world)) return undefined;
  const seen = look(difference.world, verdictsSinceMs(difference));
  return (
    wouldLoop(difference, seen) ??
    gateClosed(difference, seen) ??
    wouldTurnAway(difference, seen) ??
    gateWaiting(difference, seen) ??
    recordsWaiting(difference, seen)
  );
}

function needsOrigins({ raises, to }: Difference): boolean {
  const mode = sslModeOf(to);
  return raises && mode !== undefined && usesTls(mode);
}

/** What was seen before the difference, or long ago, says nothing of what origins serve now. */
function verdictsSinceMs(difference: Difference): number {
  const { world, sinceMs } = difference;
  return Math.max(restoreDueMs(difference) ?? sinceMs, world.monotonic - freshMs(world));
}

function wouldLoop(difference: Difference, seen: Look): SettingAction | undefined {
  const { world, to } = difference;
  // Full meets the origin over https for visitors who come by https; origin_pull for all of them.
  if (to !== 'origin_pull' && !(startsTls(difference) && mayRedirectToHttps(world))) return undefined;
  const redirecting = seen.counted.filter(({ redirectsToHttp }) => redirectsToHttp);
  if (redirecting.length === 0) return undefined;
  const names = listWords([...new Set(redirecting.map(({ hostname }) => hostname))], 3);
  const sentBack =
    to === 'origin_pull'
      ? 'and under origin_pull Cloudflare comes back by https for every visitor'
      : `and alwaysUseHttps${world.readings.alwaysUseHttps === undefined ? ', if it is on (that is not known yet),' : ''} sends visitors back`;
  const message = `Visitors would go in circles: the origin of ${names} redirects https to http, ${sentBack}. Stop that redirect at the origin.`;
  return hold(difference, 'WouldLoop', message, { stalled: true, ...lookAgain(seen) });
}

function mayRedirectToHttps({ readings, spec }: ZoneWorld): boolean {
  return spec.settings?.alwaysUseHttps === true || readings.alwaysUseHttps?.value !== 'off';
}

function gateClosed(difference: Difference, seen: Look): SettingAction | undefined {
  const { to } = difference;
  const bad = seen.counted.filter((line) => !passesStep(difference, line));
  if (bad.length === 0) return undefined;
  const message =
    `${bad.length} of ${plural(seen.counted.length, 'origin')} would fail under ${to}: ${worstWords(bad, 3)}. ` +
    'Mend them, or leave names out by spec.gate.ignore.';
  return hold(difference, 'GateClosed', message, lookAgain(seen));
}

/**
 * Nothing is presented to origins under off and flexible, and nobody has seen that it would be under full: an origin
 * that demands a client certificate would turn every visitor away. What is restored was on before, demand and all.
 */
function wouldTurnAway(difference: Difference, seen: Look): SettingAction | undefined {
  if (!startsTls(difference) || isDrift(difference)) return undefined;
  const demanding = seen.counted.filter(({ clientCertificate }) => clientCertificate === 'required');
  if (demanding.length === 0) return undefined;
  const names = listWords([...new Set(demanding.map(({ hostname }) => hostname))], 3);
  const message =
    `The origin of ${names} demands a client certificate, which Cloudflare does not present under ${difference.observed}: ` +
    'visitors would be turned away. Let it demand none before status.authenticatedOriginPulls.safeToDemand is true. ' +
    'If Cloudflare is set up to present one already, leave the names out by spec.gate.ignore until ssl is full.';
  return hold(difference, 'GateClosed', message, lookAgain(seen));
}

/** Off and flexible reach no origin by TLS. */
function startsTls({ observed }: Difference): boolean {
  return observed === 'off' || observed === 'flexible';
}

function passesStep({ to }: Difference, line: OriginLine): boolean {
  const mode = sslModeOf(to);
  return mode !== undefined && passes(line, mode);
}

function gateWaiting(difference: Difference, seen: Look): SettingAction | undefined {
  const why = unseenWords(seen);
  return why === undefined ? undefined : hold(difference, 'GateWaiting', why, wantedProbes(seen));
}

/** A step up breaks whoever is not known: what may have been added since is looked for first, in the background. */
function recordsWaiting(difference: Difference, { recordsAt }: Look): SettingAction | undefined {
  const { world } = difference;
  const why = agedRecordsWords(recordsAt, world.now);
  return why === undefined ? undefined : hold(difference, 'GateWaiting', why, { listsRecords: true });
}

/** What was found once is looked at again before long, so that what is mended opens the gate. */
function lookAgain(seen: Look): { readonly probeSinceMs?: number; readonly againMs?: number } {
  if (seen.missing.length > 0) return wantedProbes(seen);
  const againMs = agesMs(seen);
  return againMs === undefined ? {} : { againMs };
}

function isSkipped({ spec }: ZoneWorld): boolean {
  return spec.gate.origins === 'Skip';
}

/** What a change of ssl rests on and what follows it, for its event. */
export function sslRemarks(difference: Difference): readonly string[] {
  const { world, asked, to } = difference;
  const remarks: string[] = [];
  if (needsOrigins(difference)) {
    if (isSkipped(world)) remarks.push('The origins are not looked at: spec.gate.origins is Skip.');
    else if (!world.gate(verdictsSinceMs(difference)).lines.some(counts)) {
      remarks.push('The zone has no proxied origin that could fail.');
    }
  }
  if (to !== asked) {
    const after = isDrift(difference) ? `${world.spec.restoreAfter} after it was changed, ` : '';
    remarks.push(`${asked} follows ${after}once every origin passed the gate.`);
  }
  if (to === 'flexible') {
    remarks.push(
      'An origin that redirects http to https sends visitors in circles under flexible; that is not looked at.',
    );
  }
  if (isRestore(difference)) remarks.push(howToStop(world));
  return remarks;
}

/** Certificates that no visitor's connection uses in the mode of now, as a sentence. */
export function unusedCertificates(world: ZoneWorld): string | undefined {
  const mode = observedSsl(world);
  const { readyCertificates } = world;
  if (mode === undefined || usesTls(mode) || readyCertificates === 0) return undefined;
  return (
    `${plural(readyCertificates, 'Ready OriginCertificate')} of this zone ${readyCertificates === 1 ? 'is' : 'are'} unused: ` +
    `under ${mode} Cloudflare reaches origins without TLS.`
  );
}
