import type { ClientPair } from '../../probe/types.ts';
import { problemOf } from '../../problem.ts';
import type { ZonePass } from '../concern.ts';
import type { PullsContext } from './context.ts';
import type { OriginLine } from '../world.ts';
import type { PullMemory } from './memory.ts';

export interface Question {
  /** Fingerprint of the CA that is asked about. */
  readonly ca: string;
  readonly origins: readonly OriginLine[];
  readonly client: ClientPair;
}

/**
 * Asks origins in the background whether they take this client certificate. The answer is remembered, and the zone
 * is looked at again when it is there.
 */
export function askOrigins(
  context: PullsContext,
  { zone }: ZonePass,
  memory: PullMemory,
  question: Question,
): void {
  memory.asked.begin(question.ca);
  void refusals(context, question)
    .catch((error: unknown) => {
      context.log.debug(
        { zone: zone.metadata.name, problem: problemOf(error) },
        'origins could not be asked',
      );
      return undefined;
    })
    .then((by) => {
      memory.asked.answered(question.ca, by);
      context.wake(zone.metadata.name);
    });
}

async function refusals(context: PullsContext, { origins, client }: Question): Promise<readonly string[]> {
  const by: string[] = [];
  for (let from = 0; from < origins.length; from += AT_ONCE) {
    const some = origins.slice(from, from + AT_ONCE);
    const accepted = await Promise.all(some.map((origin) => isAccepted(context, origin, client)));
    for (const [index, { hostname, address }] of some.entries()) {
      if (accepted[index] !== true) by.push(`${hostname} at ${address ?? 'no address'}`);
    }
  }
  return by;
}

/** The prober serves who comes first: the gate's own looks are to come in between. */
const AT_ONCE = 32;

/** Whose certificate the origin has does not matter here: trust is the gate's affair. */
const NO_TRUST = { originCa: [], publicRoots: [], custom: [] };

async function isAccepted(
  { prober, signal }: PullsContext,
  { hostname, address = '', source }: OriginLine,
  client: ClientPair,
): Promise<boolean> {
  // What was dialled: `ip:port (name)`.
  const [dialled = ''] = address.split(' ');
  const verdicts = await prober.probe({ hostname, addresses: [dialled], source }, NO_TRUST, {
    signal,
    client,
  });
  return verdicts.every(
    ({ clientAccepted, clientCertificate }) => clientAccepted === true || clientCertificate === 'no',
  );
}
