import type { Flow } from './flow.ts';
import { CERTIFICATE_FLOWS } from './flows/certificates.ts';

export const FLOWS: readonly Flow[] = CERTIFICATE_FLOWS;
