import { ORIGIN_PULL_SECRET_SUFFIX } from '../../src/api/names.ts';
import { readCertificate } from '../../src/pki/authority.ts';
import { decode } from '../../src/secret-facts.ts';
import type { ClientCertificateView } from '../simulator/protocol.ts';
import { type PullsWish, zoneName } from './site.ts';
import type { Stage } from './stage.ts';

/** How the origin pulls of a zone stand at the end. */
export interface PullsSeen {
  readonly state: string | undefined;
  readonly isEnabled: boolean;
  readonly atCloudflare: readonly Pick<ClientCertificateView, 'status' | 'fingerprint256'>[];
  /** Fingerprints of the leaf that the operator keeps, and of the next one. */
  readonly kept: readonly string[];
}

const AT_WORK: readonly (string | undefined)[] = ['Presenting', 'Propagating', 'Rotating'];

/** Just the client certificates that are needed are at Cloudflare; a rotation takes minutes, in which both are. */
export function problemsOfPulls(mode: PullsWish['mode'], seen: PullsSeen): readonly string[] {
  const { state = 'new', isEnabled, kept } = seen;
  const staying = seen.atCloudflare
    .filter(({ status }) => status !== 'pending_deletion' && status !== 'deleted')
    .map(({ fingerprint256 }) => fingerprint256);
  const isOn = mode === 'Zone';
  const problems = [
    ...((isOn ? AT_WORK.includes(state) : state === 'Off') ? [] : [`they are ${state}`]),
    ...(isEnabled === isOn ? [] : [`Cloudflare presents ${isOn ? 'nothing' : 'a client certificate'}`]),
    ...((isOn ? staying.length > 0 : staying.length === 0)
      ? []
      : [`Cloudflare keeps ${staying.length} client certificates`]),
  ];
  if (staying.some((each) => !kept.includes(each))) problems.push('Cloudflare keeps one that nobody knows');
  if (new Set(staying).size < staying.length) problems.push('Cloudflare keeps one twice');
  return problems;
}

/** What is not as it must be with the origin pulls of all sites. */
export async function pullsProblems(stage: Stage): Promise<readonly string[]> {
  const system = await stage.systemSecrets();
  const found = await Promise.all(
    stage.sites.map(async (site) => {
      const { zoneId, zone, pulls } = site;
      const name = `${zoneName(stage.places, site)}${ORIGIN_PULL_SECRET_SUFFIX}`;
      const data = system.find(({ metadata }) => metadata.name === name)?.data ?? {};
      const leaves = [data['tls.crt'], data['next-tls.crt']].map((leaf) =>
        readCertificate(decode(leaf) ?? ''),
      );
      const seen: PullsSeen = {
        state: (await stage.zone(site))?.status?.authenticatedOriginPulls?.state,
        isEnabled: (await stage.simulator.originPulls(zoneId)).enabled,
        atCloudflare: await stage.simulator.clientCertificates({ zoneId, level: 'zone' }),
        kept: leaves.flatMap((leaf) => leaf?.fingerprint256 ?? []),
      };
      return problemsOfPulls(pulls.mode, seen).map((problem) => `origin pulls of ${zone}: ${problem}`);
    }),
  );
  return found.flat();
}
