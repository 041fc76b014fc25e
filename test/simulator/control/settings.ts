import type { SettingChange, SettingView } from '../protocol.ts';
import { CLIMBED_MODES, SETTING_DEFAULTS, type SslMode } from '../rules/zone-setting.ts';
import type { World } from '../world/world.ts';
import { ControlError, checked, type Shape } from './shape.ts';
import { zoneById } from './zones.ts';

const CHANGE: Shape<SettingChange> = {
  zoneId: 'string',
  id: { oneOf: Object.keys(SETTING_DEFAULTS) },
  value: 'any?',
  editable: 'boolean?',
};

/** Sets a zone's setting as somebody in the dashboard would, or takes it from the plan. */
export function setSetting(world: World, body: unknown): void {
  const { zoneId, id, value, editable } = checked<SettingChange>(body, CHANGE);
  const { settings } = zoneById(world, zoneId);
  if (value !== undefined && !settings.set(id, value, world.clock.now()))
    throw new ControlError(`value is ${JSON.stringify(value)}; ${id} takes no such value`);
  if (editable !== undefined) settings.setEditable(id, editable);
}

/** All settings of a zone. */
export function zoneSettings(world: World, body: unknown): readonly SettingView[] {
  const { zoneId } = checked<{ zoneId: string }>(body, { zoneId: 'string' });
  return zoneById(world, zoneId)
    .settings.all()
    .map(({ modifiedOn, ...setting }) => ({
      ...setting,
      ...(modifiedOn !== undefined && { modifiedOn: new Date(modifiedOn).toISOString() }),
    }));
}

/**
 * What Cloudflare's crawler does when it has found that the origins bear a stricter mode: raises `ssl`, one step
 * or up to `to`. Never lowers it, and leaves a zone alone that is not in automatic mode. Answers the mode in force.
 */
export function automaticUpgrade(world: World, body: unknown): { readonly ssl: SslMode } {
  const { zoneId, to } = checked<{ zoneId: string; to?: (typeof CLIMBED_MODES)[number] }>(body, {
    zoneId: 'string',
    to: { oneOf: CLIMBED_MODES, optional: true },
  });
  const { settings } = zoneById(world, zoneId);
  const current = CLIMBED_MODES.findIndex((mode) => mode === settings.value('ssl'));
  const wanted = to === undefined ? current + 1 : CLIMBED_MODES.indexOf(to);
  const mode = CLIMBED_MODES[wanted];
  const climbs = current >= 0 && wanted > current && settings.value('ssl_automatic_mode') === 'auto';
  if (climbs && mode !== undefined) settings.set('ssl', mode, world.clock.now());
  return { ssl: settings.value('ssl') };
}
