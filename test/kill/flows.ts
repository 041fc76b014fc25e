import type { Flow } from './flow.ts';
import { CERTIFICATE_FLOWS } from './flows/certificates.ts';
import { ZONE_FLOWS } from './flows/zones.ts';

export const FLOWS: readonly Flow[] = [...CERTIFICATE_FLOWS, ...ZONE_FLOWS];
