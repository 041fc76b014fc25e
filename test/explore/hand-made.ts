import type { Secret } from '../../src/kube/object.ts';
import { encode } from '../../src/secret-facts.ts';
import { born, withSecret } from './api-server.ts';
import { certificateText, keyText, type PaperCertificate } from './paper.ts';
import { NAMESPACE, type State } from './state.ts';

/** A pair that was made by hand. `due`: it expires soon. `kept`: cert-manager keeps its Secret. */
export type HandMade = 'good' | 'due' | 'kept';

/** No certificate of ours has it. */
export const HAND_MADE_ID = '900';
const DAY_MS = 86_400_000;
const LIFETIME_DAYS = 90;

/** The state with such a pair in a Secret of that name, and its certificate at Cloudflare. */
export function withHandMade(
  state: State,
  secretName: string,
  hostnames: readonly string[],
  kind: HandMade,
): State {
  const notAfter = state.now + (kind === 'due' ? 10 : LIFETIME_DAYS) * DAY_MS;
  const notBefore = notAfter - LIFETIME_DAYS * DAY_MS;
  const certificate: PaperCertificate = { id: HAND_MADE_ID, key: 'hand', hostnames, notBefore, notAfter };
  const text = certificateText(certificate);
  const body: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name: secretName, namespace: NAMESPACE },
    data: { 'tls.crt': encode(text), 'tls.key': encode(keyText('hand')) },
  };
  const stored = { id: HAND_MADE_ID, key: 'hand', hostnames, text, revoked: false, listedAt: 0 };
  return {
    ...state,
    api: { ...withSecret(state.api, born(state.api, body)), isKeptElsewhere: kind === 'kept' },
    cloudflare: { ...state.cloudflare, stored: [...state.cloudflare.stored, stored] },
    users: { ...state.users, needs: state.users.needs + (kind === 'due' ? 1 : 0) },
  };
}
