import type { SettingsChange } from '../simulator/settings.ts';

/** In what surroundings a flow runs. */
export interface Variant {
  readonly zones: 1 | 2;
  readonly signing: 'early' | 'late';
  readonly listing: 'early' | 'late';
}

const TIMES = ['early', 'late'] as const;

export const ALL_VARIANTS: readonly Variant[] = ([1, 2] as const).flatMap((zones) =>
  TIMES.flatMap((signing) => TIMES.map((listing) => ({ zones, signing, listing }))),
);

/** Every pair of two values of two dimensions occurs: an even number of the dimensions is at its second value. */
export const PAIRWISE_VARIANTS = ALL_VARIANTS.filter(
  ({ zones, signing, listing }) =>
    [zones === 2, signing === 'late', listing === 'late'].filter(Boolean).length % 2 === 0,
);

/** As `--variant` names it. */
export function nameOf({ zones, signing, listing }: Variant): string {
  return `${zones}-${signing}-${listing}`;
}

/** @param lateMs how late what is late happens. */
export function settingsOf({ signing, listing }: Variant, lateMs: number): SettingsChange {
  return {
    lateSigningMs: signing === 'late' ? lateMs : 0,
    lateListingMs: listing === 'late' ? lateMs : 0,
  };
}
