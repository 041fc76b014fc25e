import { expect, test } from 'vitest';
import {
  type CertificateReason,
  isStalled,
  STALL_AFTER_MS,
  stallsInMs,
} from '../../../src/api/conditions.ts';

test.each<[CertificateReason, number, number | undefined]>([
  ['IssuerNotReady', 0, STALL_AFTER_MS],
  ['IssuerNotFound', STALL_AFTER_MS - 1, 1],
  ['CredentialsMissing', STALL_AFTER_MS, undefined],
  ['CredentialsInvalid', 0, undefined],
  ['HoldUntilInvalid', 0, undefined],
  ['CloudflareUnavailable', 0, undefined],
])('%s that stands for %d ms needs a person in %s ms', (reason, stoodMs, inMs) => {
  const sinceMs = 1_000_000;
  const nowMs = sinceMs + stoodMs;
  expect(stallsInMs(reason, sinceMs, nowMs)).toBe(inMs);
  if (inMs === undefined) return;
  expect(isStalled(reason, sinceMs, nowMs + inMs - 1)).toBe(false);
  expect(isStalled(reason, sinceMs, nowMs + inMs)).toBe(true);
});
