import type { Mutation } from './mutation.ts';
import { ISSUING } from './rules-of-issuing.ts';
import { OWNING } from './rules-of-owning.ts';
import { REVOKING } from './rules-of-revoking.ts';
import { STORING } from './rules-of-storing.ts';
import { BRIDGING } from './rules-of-bridging.ts';
import { SETTLING } from './rules-of-settling.ts';
import { ADOPTING } from './rules-of-adopting.ts';
import { DELETING } from './rules-of-deleting.ts';

/** The rules of the design's "Issuing", one by one. Taking one away must break a promise. */
export const MUTATIONS: readonly Mutation[] = [
  ...ISSUING,
  ...SETTLING,
  ...OWNING,
  ...REVOKING,
  ...DELETING,
  ...ADOPTING,
  ...STORING,
  ...BRIDGING,
];
