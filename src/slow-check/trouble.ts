/** Why a listing or a question brought nothing. */
export interface Trouble {
  readonly kind: string;
  /** A sentence for a person. */
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

export const INCOMPLETE =
  'The list of certificates was not complete: it changed while it was read, or Cloudflare did not say how long it is.';

/** Why a listing is not believed. */
export function distrust({
  absent,
  expected,
}: {
  readonly absent: number;
  readonly expected: number;
}): Trouble {
  const message =
    `The list of certificates lacks ${absent} of the ${expected} that are in use here, so it is not believed and nothing ` +
    'is re-issued; it is read again. If somebody did revoke them, set annotation originca.dev/renew-requested-at on ' +
    'their OriginCertificates.';
  return { kind: 'Distrusted', message };
}
