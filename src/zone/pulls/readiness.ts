import { PROPAGATION_MS } from './propagation.ts';
import { doing, namesOf, waiting } from './steps.ts';
import type { PullsWorld, PullStep } from './world.ts';

const LOOK_AGAIN_MS = 30_000;

/**
 * What is still to be waited for, or asked, before Cloudflare may present a certificate of this CA to origins that
 * may demand one already; undefined when every origin that demands takes it, or none demands.
 *
 * @param ca fingerprint of a CA that `publish` holds by now.
 */
export function readiness(
  world: PullsWorld,
  ca: string,
  state: 'Enabling' | 'Rotating',
): PullStep | undefined {
  const { publish, ages, demand, acceptance } = world;
  const refused = publish.filter((object) => object.state === 'refused');
  if (refused.length > 0) return blocked(refused.map(({ message }) => message).join(' '));
  if (!demand.complete)
    return waiting(
      state,
      `The new CA is published. ${demand.why ?? 'All origins are asked whether they demand a client certificate.'}`,
      LOOK_AGAIN_MS,
    );
  if (demand.unknown.length > 0)
    return blocked(
      `It cannot be told whether ${namesOf(demand.unknown)} demand a client certificate: TLS fails there, or they cannot be reached from here. ` +
        'Repair them, say in spec.probes where to knock, or name them in spec.gate.ignore.',
    );
  if (demand.required.length === 0) {
    if (ages.published >= PROPAGATION_MS) return undefined;
    return waiting(
      state,
      'The new CA is published; origins are given time to read it.',
      PROPAGATION_MS - ages.published,
    );
  }
  switch (acceptance.state) {
    case 'accepted':
      return undefined;
    case 'unasked': {
      const message = `${namesOf(demand.required)} demand a client certificate: they are asked with one of the new CA.`;
      return doing(state, message, { do: 'AskOrigins', ca, origins: demand.required });
    }
    case 'asking':
      return waiting(
        state,
        'Origins that demand a client certificate are asked with one of the new CA.',
        LOOK_AGAIN_MS,
      );
    case 'refused': {
      const step = blocked(
        `Origins do not accept a client certificate of the new CA yet: ${acceptance.by.join(', ')}. ` +
          'Let them trust both CAs: they stand in ca.crt of what is published.',
      );
      // What they said stands while they are asked again.
      if (!acceptance.isDue) return step;
      return { ...step, effect: { do: 'AskOrigins', ca, origins: demand.required } };
    }
  }
}

function blocked(message: string): PullStep {
  return { ...waiting('NewCaNotAccepted', `The new CA waits. ${message}`, LOOK_AGAIN_MS) };
}
