import { expect, test } from 'vitest';
import { rfc3339 } from '../../../src/api/conditions.ts';
import type { OriginZone } from '../../../src/api/v1alpha1.ts';
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

/** Restores once, and says in which order what was asked of whom. */
async function restored(outcome: Promise<void>) {
  const clock = new TestClock();
  const zone = originZone({ mode: 'Enforce', settings: { tls13: 'on' } });
  zone.status = { conditions: [], zone: { name: 'example.com' } };
  const memory = new ZoneMemory(zone);
  const asked: unknown[] = [];
  const kube = {
    apply: (_: unknown, body: OriginZone) => {
      asked.push(body.status);
      return Promise.resolve({ ...zone, status: body.status });
    },
  };
  const client = {
    patchSetting: () => {
      asked.push('PATCH');
      return outcome;
    },
    getSetting: () => Promise.reject(refusal(9109, 'a')),
  };
  const context = {
    clock,
    kube,
    random: () => 0,
    log: { warn: () => undefined },
    count: { restore: () => undefined },
  } as unknown as ControllerContext; // Only what is asked of it.
  const view = {
    key: 'shop',
    zone,
    zoneName: 'example.com',
    memory,
    client,
    intervals: {},
  } as unknown as ZoneView; // As above.
  const after = await change(
    context,
    view,
    'id',
    { ...PATCH, because: 'Restore' },
    AbortSignal.timeout(1000),
  );
  return { asked, status: after.status, remembered: memory.restores.length };
}

test('a restore is in the status before it is done, beside all that stood there: whoever dies of it has it counted', async () => {
  const noted = {
    conditions: [],
    zone: { name: 'example.com' },
    restores: [{ setting: 'tls13', time: rfc3339(new TestClock().now()) }],
  };
  expect(await restored(Promise.resolve())).toEqual({
    asked: [noted, 'PATCH'],
    status: noted,
    remembered: 1,
  });
});

test('a restore that Cloudflare refused is none', async () => {
  const { remembered } = await restored(Promise.reject(refusal(9109, 'a')));
  expect(remembered).toBe(0);
});

test('a change that was done is told in one sentence that says what it was and what it is', async () => {
  const notes: string[] = [];
  const context = {
    clock: new TestClock(),
    random: () => 0,
    events: { record: (_: unknown, { note }: { readonly note: string }) => void notes.push(note) },
    log: { info: () => undefined },
  } as unknown as ControllerContext; // Only what is asked of it.
  const zone = originZone({ mode: 'Enforce', settings: { tls13: 'on' } });
  const client = {
    patchSetting: () => Promise.resolve(),
    getSetting: () => Promise.resolve({ value: 'on', editable: true, modifiedOn: undefined }),
  };
  const memory = new ZoneMemory(zone);
  const view = { key: 'shop', zone, zoneName: 'example.com', memory, client, intervals: {} };
  const patch = { ...PATCH, message: 'tls13 is set from off to on.' };
  await change(context, view as unknown as ZoneView, 'id', patch, AbortSignal.timeout(1000)); // As above.
  expect(notes).toEqual(['Done in zone example.com: tls13 is set from off to on.']);
});
