import { ANNOTATION } from '../../../src/api/names.ts';
import type { Flow } from '../flow.ts';
import type { Ground } from '../ground.ts';
import { certificateProblems, replacedProblems } from '../judge.ts';
import { REAL } from '../waits.ts';
import { issued } from './certificates.ts';

/** What is not as it must be where the first certificate is to be revoked. */
async function revokedProblems(ground: Ground): Promise<readonly string[]> {
  const [first] = await ground.issued();
  const { status } = (await ground.certificate()) ?? {};
  const isTold = status?.superseded?.some(({ id, revokedAt }) => id === first?.id && revokedAt !== undefined);
  return [
    ...(first?.revokedAt === undefined ? ['the first certificate is not revoked'] : []),
    ...(isTold === true ? [] : ['the status does not say that the first certificate is revoked']),
  ];
}

async function replacedByAnother(ground: Ground): Promise<readonly string[]> {
  const end = { issued: [2, 2], hostnames: ground.hostnames(), revokes: true } as const;
  return [...(await replacedProblems(ground)), ...(await certificateProblems(ground, end))];
}

const SOON = { revocation: { superseded: 'Revoke', gracePeriod: '1s' } } as const;

/** A renewal whose old certificate goes after its grace. */
const supersededRevoked: Flow = {
  name: 'superseded-revoked',
  setUp: (ground) => issued(ground, SOON),
  begin: (ground) => ground.applyCertificate(SOON, { [ANNOTATION.renewRequestedAt]: '1' }),
  problems: async (ground) => [...(await revokedProblems(ground)), ...(await replacedByAnother(ground))],
};

/**
 * A key that leaked. The old certificate goes a minute after the new one is written, which only runs with real waits
 * wait for: the others end when it is noted that it must go.
 */
const rekey: Flow = {
  name: 'rekey',
  setUp: (ground) => issued(ground),
  begin: (ground) => ground.applyCertificate({}, { [ANNOTATION.rekeyRequestedAt]: '1' }),
  problems: async (ground) => [
    ...(ground.lane.waits === REAL ? await revokedProblems(ground) : await owedProblems(ground)),
    ...(await replacedByAnother(ground)),
  ],
};

async function owedProblems(ground: Ground): Promise<readonly string[]> {
  const [first] = await ground.issued();
  const { status } = (await ground.certificate()) ?? {};
  const isOwed = status?.superseded?.some(({ id, revoke }) => id === first?.id && revoke === 'Rekeyed');
  return isOwed === true ? [] : ['the status does not say that the first certificate must go'];
}

const ON_DELETE = { secretDeletionPolicy: 'Delete', revocation: { onDelete: 'Revoke' } } as const;

/** What was served is revoked once its Secret is gone, and the object goes. */
const deletedRevoked: Flow = {
  name: 'deleted-and-revoked',
  setUp: (ground) => issued(ground, ON_DELETE),
  begin: (ground) => ground.deleteCertificate(),
  problems: async (ground) => {
    const [first] = await ground.issued();
    return [
      ...(first?.revokedAt === undefined ? ['the certificate is not revoked'] : []),
      ...((await ground.secret()) === undefined ? [] : ['the Secret is still there']),
      ...(await certificateProblems(ground, { issued: [1, 1], revokes: true })),
    ];
  },
};

/** Deleted while a POST runs: what it brings is found and revoked before the object goes. */
const deletedPendingRevoked: Flow = {
  name: 'deleted-in-flight-and-revoked',
  begin: (ground) => ground.applyCertificate(ON_DELETE),
  midway: (ground) => ground.deleteCertificate(),
  problems: (ground) => certificateProblems(ground, { issued: [0, 1], revokes: true }),
};

export const REVOCATION_FLOWS: readonly Flow[] = [
  supersededRevoked,
  rekey,
  deletedRevoked,
  deletedPendingRevoked,
];
