import { namesOf, doing, polling, pollMs, stuck, waiting } from './steps.ts';
import { ownCertificates } from './leaves.ts';
import type { PullsWorld, PullStep } from './world.ts';

type Check = (world: PullsWorld) => PullStep | undefined;

const LOOK_AGAIN_MS = 30_000;
const HOW =
  'Remove nginx.ingress.kubernetes.io/auth-tls-secret and auth-tls-verify-client from their Ingresses (or the frontend validation from their Gateways) first';

/** The reverse of switching on: first no origin demands, then Cloudflare stops presenting, then our leaf is deleted. */
const CHECKS: readonly Check[] = [
  originsUnknown,
  originsDemand,
  sharedIsOn,
  zoneLevelIsOn,
  leafIsThere,
  leafIsGoing,
];

export function decideOff(world: PullsWorld): PullStep {
  for (const check of CHECKS) {
    const step = check(world);
    if (step !== undefined) return step;
  }
  return { state: 'Off', message: 'Cloudflare presents no client certificate to origins.' };
}

function isPresented({ cloudflare: { shared, enabled } }: PullsWorld): boolean {
  return shared.on || enabled;
}

function originsUnknown(world: PullsWorld): PullStep | undefined {
  if (!isPresented(world)) return undefined;
  const { complete, unknown, why } = world.demand;
  if (!complete) {
    const message = `Cloudflare still presents a client certificate. ${why ?? 'First all origins are asked whether they demand it.'} ${HOW}.`;
    return waiting('SwitchingOff', message, LOOK_AGAIN_MS);
  }
  if (unknown.length === 0) return undefined;
  const message =
    `Cloudflare still presents a client certificate, since it cannot be told whether ${namesOf(unknown)} demand it: TLS fails there, or they cannot be reached from here. ` +
    'Repair them, say in spec.probes where to knock, or name them in spec.gate.ignore.';
  return stuck('SwitchingOff', message, LOOK_AGAIN_MS);
}

function originsDemand(world: PullsWorld): PullStep | undefined {
  const { required } = world.demand;
  if (!isPresented(world) || required.length === 0) return undefined;
  const message = `Cloudflare still presents a client certificate, since ${namesOf(required)} demand it. ${HOW}.`;
  return stuck('SwitchingOff', message, LOOK_AGAIN_MS);
}

function sharedIsOn({ cloudflare: { shared } }: PullsWorld): PullStep | undefined {
  if (!shared.on) return undefined;
  if (!shared.editable)
    return stuck(
      'SettingNotEditable',
      "The zone's plan does not let tls_client_auth be changed; it stays on.",
    );
  return doing('SwitchingOff', 'No origin demands it: tls_client_auth is set to off.', {
    do: 'SetShared',
    on: false,
  });
}

function zoneLevelIsOn({ cloudflare: { enabled } }: PullsWorld): PullStep | undefined {
  if (!enabled) return undefined;
  const message = "No origin demands it: the zone's own client certificate is no longer presented.";
  return doing('SwitchingOff', message, { do: 'Enable', enabled: false });
}

function leafIsThere({ cloudflare, store }: PullsWorld): PullStep | undefined {
  const own = store.state === 'ours' ? ownCertificates(cloudflare, store.stored) : [];
  const there = own.find(({ status }) => status !== 'pending_deletion');
  if (there === undefined) return undefined;
  const message = `The client certificate ${there.id} is deleted at Cloudflare.`;
  return doing('SwitchingOff', message, { do: 'Delete', id: there.id, failed: false });
}

function leafIsGoing({ cloudflare, store, ages }: PullsWorld): PullStep | undefined {
  const own = store.state === 'ours' ? ownCertificates(cloudflare, store.stored) : [];
  if (own.length === 0) return undefined;
  return polling('SwitchingOff', 'Cloudflare is deleting the client certificate.', pollMs(ages.deploying));
}
