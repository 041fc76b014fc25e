import { expect, test } from 'vitest';
import { CloudflareError } from '../../../src/cloudflare/errors.ts';
import { change, type Patch } from '../../../src/zone/change.ts';
import type { ControllerContext } from '../../../src/zone/controller-context.ts';
import { ZoneMemory } from '../../../src/zone/memory.ts';
import type { ZoneView } from '../../../src/zone/view.ts';
import { TestClock } from '../../support/test-clock.ts';
import { originZone } from './fixtures.ts';

const MINUTE = 60_000;
const PATCH = {
  name: 'tls13',
  type: 'Patch',
  inSync: false,
  reason: 'RollingOut',
  message: '',
  value: 'on',
  from: 'off',
  to: 'on',
  because: 'RollOut',
} satisfies Patch;

/** Asks for one change after the other, and says what is remembered of each refusal. */
async function refusals(errors: readonly CloudflareError[]) {
  const clock = new TestClock();
  const zone = originZone({ mode: 'Enforce', settings: { tls13: 'on' } });
  const memory = new ZoneMemory(zone);
  const context = { clock, log: { warn: () => undefined } } as unknown as ControllerContext; // Only what is asked of it.
  const seen: (string | undefined)[] = [];
  for (const error of errors) {
    const client = { patchSetting: () => Promise.reject(error) };
    const view = { key: 'shop', zone, zoneName: 'example.com', memory, client } as unknown as ZoneView; // As above.
    await change(context, view, 'id', PATCH, AbortSignal.timeout(1000));
    seen.push(memory.historyOf('tls13')?.refusal?.message);
    await clock.advance(10 * MINUTE);
  }
  return { seen, untilMs: memory.historyOf('tls13')?.refusal?.untilMs };
}

const refusal = (code: number, rayId: string): CloudflareError =>
  new CloudflareError(`Denied (code ${code}, Ray ID ${rayId}).`, {
    kind: 'PermissionMissing',
    definite: true,
    operation: 'patch_setting',
    code,
    rayId,
  });

test('a refusal that goes on is told in its first words, another in its own', async () => {
  const { seen, untilMs } = await refusals([refusal(9109, 'a'), refusal(9109, 'b'), refusal(10_000, 'c')]);
  expect(seen).toEqual([
    'Denied (code 9109, Ray ID a).',
    'Denied (code 9109, Ray ID a).',
    'Denied (code 10000, Ray ID c).',
  ]);
  expect(untilMs).toBe(30 * MINUTE);
});
