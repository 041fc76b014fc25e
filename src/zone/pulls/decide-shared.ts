import { isLeaving } from './bundle.ts';
import { foreignCertificates, ownCertificates } from './leaves.ts';
import { PROPAGATION_MS, sharedAge } from './propagation.ts';
import { doing, heldByMode, propagating, publishing, stuck, waiting } from './steps.ts';
import type { PullsWorld, PullStep, SeenCertificate } from './world.ts';

type Check = (world: PullsWorld) => PullStep | undefined;

/** The certificate that all customers share; one of the zone's own goes first before it. */
const CHECKS: readonly Check[] = [
  heldByMode,
  foreignIsPresented,
  isOff,
  (world) => publishing(world, 'Propagating'),
  unpublishedHoldsZone,
  untrustedHoldsZone,
  zoneLevelIsOn,
  zoneLevelIsLeaving,
  leafIsLeft,
  isYoung,
];

export function decideShared(world: PullsWorld): PullStep {
  for (const check of CHECKS) {
    const step = check(world);
    if (step !== undefined) return step;
  }
  return {
    state: 'Presenting',
    message: 'Cloudflare presents the client certificate that all its customers share.',
  };
}

function foreignIsPresented({ cloudflare }: PullsWorld): PullStep | undefined {
  const [foreign] = foreignCertificates(cloudflare);
  if (!cloudflare.enabled || foreign === undefined) return undefined;
  const message =
    `Cloudflare presents client certificate ${foreign.id} of the zone (issued by ${foreign.issuer}) instead of the shared one, and this operator did not make it. ` +
    'Nothing is changed: switch it off in the dashboard, or choose mode Zone.';
  return stuck('ForeignClientCertificate', message);
}

function isOff({ cloudflare: { shared } }: PullsWorld): PullStep | undefined {
  if (shared.on) return undefined;
  if (!shared.editable)
    return stuck(
      'SettingNotEditable',
      "The zone's plan does not let tls_client_auth be changed: choose mode Zone.",
    );
  return doing('Enabling', 'tls_client_auth is set to on.', { do: 'SetShared', on: true });
}

/** Origins that demand our own certificate must know the shared CA before they meet the shared certificate. */
function unpublishedHoldsZone(world: PullsWorld): PullStep | undefined {
  if (!world.cloudflare.enabled || world.ages.published >= PROPAGATION_MS) return undefined;
  const message = "The shared CA is published beside the zone's own; then the zone's own certificate goes.";
  return waiting('Rotating', message, PROPAGATION_MS - world.ages.published);
}

/** The shared certificate's key is Cloudflare's, so no origin can be asked with it: only who reads `publish` is sure. */
function untrustedHoldsZone({ cloudflare, publish, demand }: PullsWorld): PullStep | undefined {
  if (!cloudflare.enabled || publish.length > 0) return undefined;
  if (!demand.complete)
    return waiting(
      'Rotating',
      demand.why ?? 'All origins are asked whether they demand a client certificate.',
      30_000,
    );
  if (demand.required.length === 0) return undefined;
  const message =
    "Origins demand the zone's own client certificate, and nothing is published from which they would learn of the shared CA. " +
    'List in authenticatedOriginPulls.publish what they read, or let them demand nothing first.';
  return stuck('Held', message);
}

function zoneLevelIsOn({ cloudflare: { enabled } }: PullsWorld): PullStep | undefined {
  if (!enabled) return undefined;
  const message = "The zone's own client certificate is no longer presented: the shared one takes its place.";
  return doing('Rotating', message, { do: 'Enable', enabled: false });
}

function zoneLevelIsLeaving(world: PullsWorld): PullStep | undefined {
  if (!isLeaving(world)) return undefined;
  const leftMs = PROPAGATION_MS - world.ages.disabled;
  return waiting(
    'Rotating',
    "The zone's own client certificate is deleted when all of Cloudflare has left it.",
    leftMs,
  );
}

function leafIsLeft({ cloudflare, store }: PullsWorld): PullStep | undefined {
  const own: readonly SeenCertificate[] =
    store.state === 'ours' ? ownCertificates(cloudflare, store.stored) : [];
  const left = own.find(({ status }) => status !== 'pending_deletion');
  if (left === undefined) return undefined;
  const message = `The zone's own client certificate ${left.id} is deleted at Cloudflare.`;
  return doing('Rotating', message, { do: 'Delete', id: left.id, failed: false });
}

function isYoung(world: PullsWorld): PullStep | undefined {
  const leftMs = PROPAGATION_MS - sharedAge(world);
  return leftMs > 0 ? propagating(leftMs, 'Cloudflare presents the shared client certificate.') : undefined;
}
