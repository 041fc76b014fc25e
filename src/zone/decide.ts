import { driftAlarm, isDrift, isRestore, propagating, restoreDueMs, restorePending } from './drift.ts';
import { lockIn } from './hsts-lock-in.ts';
import { shownSettings } from './settings.ts';
import { type Check, type Difference, howToStop, standingOf } from './settings-difference.ts';
import {
  httpsWouldLoop,
  notEditable,
  notEnforced,
  refused,
  waitsForSsl,
  zoneNotActive,
} from './settings-rules.ts';
import { automaticMode, offShutsOut, originsAllow, sslRemarks, unusedCertificates } from './ssl.ts';
import type { SettingAction, SettingName, ZoneWorld } from './world.ts';

/** What holds every setting back. */
const ANY: readonly Check[] = [
  zoneNotActive, // what a zone out of use shows means nothing
  notEnforced, // the difference is said, and how to have it mended
  notEditable, // not fought
  refused, // tried again later
];

/** What holds back who has just set it, or set it too often. */
const AGAIN: readonly Check[] = [propagating, driftAlarm];

/** The whole behaviour of settings that differ: the first check that answers holds the change back. */
const CHECKS: Readonly<Record<SettingName, readonly Check[]>> = {
  sslAutomaticMode: [...ANY, ...AGAIN],
  ssl: [
    ...ANY,
    automaticMode, // before ssl is touched
    ...AGAIN,
    restorePending, // a lowered strict stands for a while
    offShutsOut, // lowering may break visitors too
    originsAllow, // the gate
  ],
  alwaysUseHttps: [...ANY, ...AGAIN, httpsWouldLoop],
  hsts: [...ANY, ...AGAIN, lockIn],
  minTlsVersion: [...ANY, ...AGAIN, waitsForSsl],
  tls13: [...ANY, ...AGAIN],
};

/**
 * One action for ssl and each managed setting, in the order in which they must be done. Pure and total: the same world
 * always yields the same actions.
 */
export function decide(world: ZoneWorld): readonly SettingAction[] {
  return shownSettings(world.spec).map((name) => {
    const action = decideOne(world, name);
    return name === 'ssl' ? withUnusedCertificates(world, action) : action;
  });
}

function decideOne(world: ZoneWorld, name: SettingName): SettingAction {
  const standing = standingOf(world, name);
  switch (standing.state) {
    case 'Unread':
      return { name, type: 'Unread', inSync: false, reason: 'Unknown', message: standing.message };
    case 'Unmanaged':
      return keep(name, 'InSync', `${name} is ${standing.observed}; spec.settings does not manage it.`);
    case 'InSync':
      return keep(name, 'InSync', `${name} is ${standing.observed}.`);
    case 'Stricter':
      return keep(
        name,
        'StricterThanAsked',
        `${name} is ${standing.observed}, stricter than ${standing.asked} that is asked for; it is lowered only with spec.allowDowngrade.`,
      );
    case 'Differs':
      return change(standing.difference);
  }
}

function keep(name: SettingName, reason: 'InSync' | 'StricterThanAsked', message: string): SettingAction {
  return { name, type: 'Keep', inSync: true, reason, message };
}

function change(difference: Difference): SettingAction {
  for (const check of CHECKS[difference.name]) {
    const action = check(difference);
    if (action) return action;
  }
  const { name, observed, to, value } = difference;
  const restore = isRestore(difference);
  return {
    name,
    type: 'Patch',
    inSync: false,
    reason: restore ? 'Restoring' : 'RollingOut',
    message: [changeWords(difference, restore), ...remarks(difference, restore)].join(' '),
    value,
    from: observed,
    to,
    because: restore ? 'Restore' : 'RollOut',
  };
}

function changeWords(difference: Difference, restore: boolean): string {
  const { name, observed, asked, to } = difference;
  if (!restore) {
    const second = restoreDueMs(difference) === undefined ? '' : ', the second step of its restore';
    return `${name} is set from ${observed} to ${to}${second}.`;
  }
  const how = isDrift(difference)
    ? `Somebody else changed ${name} from ${asked} to ${observed}`
    : `${name} was set to ${to} and is ${observed} again`;
  return `${how}; it is set to ${to}.`;
}

function remarks(difference: Difference, restore: boolean): readonly string[] {
  if (difference.name === 'ssl') return sslRemarks(difference);
  return restore ? [howToStop(difference.world)] : [];
}

/** A mode that makes certificates useless is said wherever the mode is shown. */
function withUnusedCertificates(world: ZoneWorld, action: SettingAction): SettingAction {
  const unused = unusedCertificates(world);
  if (unused === undefined) return action;
  const message = `${action.message} ${unused}`;
  if (action.type === 'Keep') return { ...action, reason: 'CertificatesUnused', message };
  return action.type === 'Hold' ? { ...action, message } : action;
}
