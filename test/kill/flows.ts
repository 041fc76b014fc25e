import type { Flow } from './flow.ts';
import { ADOPTION_FLOWS } from './flows/adoption.ts';
import { CERTIFICATE_FLOWS } from './flows/certificates.ts';
import { PULL_FLOWS } from './flows/pulls.ts';
import { REVOCATION_FLOWS } from './flows/revocations.ts';
import { ZONE_FLOWS } from './flows/zones.ts';

export const FLOWS: readonly Flow[] = [
  ...CERTIFICATE_FLOWS,
  ...ADOPTION_FLOWS,
  ...REVOCATION_FLOWS,
  ...ZONE_FLOWS,
  ...PULL_FLOWS,
];
