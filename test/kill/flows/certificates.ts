import { ANNOTATION, MANAGED, MANAGED_LABEL } from '../../../src/api/names.ts';
import type { Flow } from '../flow.ts';
import type { Ground } from '../ground.ts';
import { certificateProblems, replacedProblems } from '../judge.ts';
import { pairOf } from '../reader.ts';
import { rest } from '../rest.ts';

/** One of the run's own issuers. */
function issuer({ name }: Ground, which: 'old' | 'next'): { kind: 'OriginIssuer'; name: string } {
  return { kind: 'OriginIssuer', name: `${name}-${which}` };
}

/** A certificate that is issued and at rest. */
export async function issued(
  ground: Ground,
  spec?: Parameters<Ground['applyCertificate']>[0],
): Promise<void> {
  await ground.applyCertificate(spec);
  await rest(ground, () => certificateProblems(ground, { issued: [1, 1], hostnames: ground.hostnames() }));
}

const firstIssuance: Flow = {
  name: 'first-issuance',
  begin: (ground) => ground.applyCertificate(),
  problems: (ground) => certificateProblems(ground, { issued: [1, 1], hostnames: ground.hostnames() }),
};

const renewal: Flow = {
  name: 'renewal',
  setUp: (ground) => issued(ground),
  begin: (ground) => ground.applyCertificate({}, { [ANNOTATION.renewRequestedAt]: '1' }),
  problems: async (ground) => [
    ...(await replacedProblems(ground)),
    ...(await certificateProblems(ground, { issued: [2, 2], hostnames: ground.hostnames() })),
  ],
};

/** Other names while the POST for the first is on its way: that one is of no use to anybody and is revoked. */
const specChanged: Flow = {
  name: 'spec-changed-in-flight',
  begin: (ground) => ground.applyCertificate(),
  midway: (ground) => ground.applyCertificate({ hostnames: [...ground.hostnames('www.')] }),
  problems: (ground) => certificateProblems(ground, { issued: [1, 2], hostnames: ground.hostnames('www.') }),
};

/** Another issuer while the POST of the first is on its way: what that brings is found with the first one's token. */
const issuerChanged: Flow = {
  name: 'issuer-changed-in-flight',
  setUp: (ground) => ground.createIssuer(issuer(ground, 'next').name),
  begin: (ground) => ground.applyCertificate(),
  midway: (ground) => ground.applyCertificate({ issuerRef: issuer(ground, 'next') }),
  problems: (ground) => certificateProblems(ground, { issued: [1, 2], hostnames: ground.hostnames() }),
};

/** The same, and the first issuer and its token are gone: what its POST brings is found with the next one's. */
const issuerDeleted: Flow = {
  name: 'issuer-replaced-in-flight',
  setUp: async (ground) => {
    await ground.createIssuer(issuer(ground, 'old').name);
    await ground.createIssuer(issuer(ground, 'next').name);
  },
  begin: (ground) => ground.applyCertificate({ issuerRef: issuer(ground, 'old') }),
  midway: async (ground) => {
    await ground.applyCertificate({ issuerRef: issuer(ground, 'next') });
    await ground.deleteIssuer(issuer(ground, 'old').name);
  },
  problems: (ground) => certificateProblems(ground, { issued: [1, 2], hostnames: ground.hostnames() }),
};

/** The pair moves to the new name; the old Secret keeps it for those who still read it, and says so. */
const renamed: Flow = {
  name: 'secret-name-changed',
  setUp: (ground) => issued(ground),
  begin: (ground) => ground.applyCertificate({ secretName: `${ground.name}-moved-tls` }),
  problems: async (ground) => {
    const old = await ground.secret();
    const isReleased = old?.metadata.labels?.[MANAGED_LABEL] === MANAGED.released;
    const secretName = `${ground.name}-moved-tls`;
    return [
      ...(isReleased ? [] : ['the old Secret is not released']),
      ...(pairOf(old).state === 'Matching' ? [] : ['the old Secret lost its pair']),
      ...(await certificateProblems(ground, { issued: [1, 1], hostnames: ground.hostnames(), secretName })),
    ];
  },
};

/** Nobody wants what the POST brings: it is found and revoked, although the object is gone. */
const deletedPending: Flow = {
  name: 'deleted-in-flight',
  begin: (ground) => ground.applyCertificate(),
  midway: (ground) => ground.deleteCertificate(),
  problems: (ground) => certificateProblems(ground, { issued: [0, 1] }),
};

export const CERTIFICATE_FLOWS: readonly Flow[] = [
  firstIssuance,
  renewal,
  specChanged,
  issuerChanged,
  issuerDeleted,
  renamed,
  deletedPending,
];
