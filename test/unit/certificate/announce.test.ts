import { expect, test } from 'vitest';
import { announce } from '../../../src/certificate/announce.ts';
import type { CertificateContext } from '../../../src/certificate/context.ts';
import type { CertificateReason } from '../../../src/api/conditions.ts';
import { isLiving } from '../../../src/certificate/world.ts';
import { worldOf } from './fixtures.ts';

test.each<[CertificateReason, 'Normal' | 'Warning', 'info' | 'warn']>([
  ['Suspended', 'Normal', 'info'],
  ['Held', 'Normal', 'info'],
  ['HoldUntilInvalid', 'Warning', 'warn'],
  ['CloudflareUnavailable', 'Warning', 'warn'],
])('that a certificate is not issued is told, where it is %s, as %s', (reason, type, level) => {
  const told: unknown[] = [];
  const logged: unknown[] = [];
  const context = {
    events: { record: (_: unknown, event: object) => void told.push(event) },
    log: {
      info: (_: object, note: string) => void logged.push(['info', note]),
      warn: (_: object, note: string) => void logged.push(['warn', note]),
    },
  } as unknown as CertificateContext;
  const world = worldOf();
  if (!isLiving(world)) throw new Error('only an object has events');
  announce.trouble(context, world, reason, 'It is not.');
  expect(told).toEqual([{ type, reason, action: 'Issue', note: 'It is not.' }]);
  expect(logged).toEqual([[level, 'It is not.']]);
});
