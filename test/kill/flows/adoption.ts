import { ANNOTATION } from '../../../src/api/names.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { createCsr } from '../../../src/pki/csr.ts';
import { DEFAULT_KEY, generateKey } from '../../../src/pki/keys.ts';
import { encode } from '../../../src/secret-facts.ts';
import type { Flow } from '../flow.ts';
import type { Ground } from '../ground.ts';
import { certificateProblems } from '../judge.ts';
import { pairOf } from '../reader.ts';

/** A Secret as somebody made it by hand, with a pair that Cloudflare signed for these names. */
async function makeByHand(ground: Ground, hostnames: readonly string[]): Promise<void> {
  const { namespace, ring, simulator } = ground.lane;
  const { keys, privateKeyPem } = await generateKey(DEFAULT_KEY);
  const csr = await createCsr(keys, DEFAULT_KEY, hostnames);
  const { certificate } = await simulator.sign({ requestType: 'origin-ecc', hostnames, csr });
  const secret = {
    metadata: { name: ground.secretName, namespace },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': encode(certificate), 'tls.key': encode(privateKeyPem) },
  };
  await ring.kube.create(secrets, secret, { signal: AbortSignal.timeout(60_000), fieldManager: 'test' });
}

async function keeperProblems(ground: Ground): Promise<readonly string[]> {
  const keeper = (await ground.secret())?.metadata.annotations?.[ANNOTATION.certificate];
  return keeper === ground.name ? [] : ['the Secret was not taken over'];
}

/** The pair is taken over as it is: nothing is issued. */
const adopted: Flow = {
  name: 'adoption',
  setUp: (ground) => makeByHand(ground, ground.hostnames()),
  begin: (ground) => ground.applyCertificate({ existingSecret: 'Adopt' }),
  problems: async (ground) => [
    ...(await keeperProblems(ground)),
    ...(await certificateProblems(ground, { issued: [1, 1], hostnames: ground.hostnames() })),
  ],
};

/** What is taken over serves other names and is replaced; nobody revokes what somebody else had made. */
const adoptedAndReplaced: Flow = {
  name: 'adoption-of-other-names',
  setUp: (ground) => makeByHand(ground, ground.hostnames('old.')),
  begin: (ground) => ground.applyCertificate({ existingSecret: 'Adopt' }),
  problems: async (ground) => {
    const [theirs, ...ours] = await ground.issued();
    const pair = pairOf(await ground.secret());
    const isOurs = pair.state === 'Matching' && ours.some(({ id }) => id === pair.certificate.id);
    return [
      ...(isOurs ? [] : ['the pair that was taken over is still served']),
      ...(theirs?.revokedAt === undefined ? [] : ['what somebody else had made is revoked']),
      ...(await keeperProblems(ground)),
      ...(await certificateProblems(ground, { issued: [2, 2], hostnames: ground.hostnames() })),
    ];
  },
};

export const ADOPTION_FLOWS: readonly Flow[] = [adopted, adoptedAndReplaced];
