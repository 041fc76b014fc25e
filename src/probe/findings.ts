import { leadsToHttp } from './answer.ts';
import type { Dialled } from './dial.ts';
import { judge } from './judge.ts';
import { describePresented, presentedOf } from './present.ts';
import * as say from './sentences.ts';
import type { ProbeTarget, TrustSet, Verdict } from './types.ts';

/** What one address gave: a verdict without what names the target and the moment. */
export type Finding = Pick<
  Verdict,
  'result' | 'message' | 'presented' | 'tls' | 'clientCertificate' | 'clientAccepted' | 'redirectsToHttp'
>;

/** What is known of an address after knocking at it. */
export interface Knocked {
  /** Without a client certificate. */
  readonly plain: Dialled;
  /** With the client certificate given; undefined where none was. */
  readonly withClient: Dialled | undefined;
  /** After a failed handshake: whether plain HTTP is spoken there. */
  readonly speaksHttp: boolean;
}

/** What was asked for, and what else is known of the way there. */
export type Asked = Pick<ProbeTarget, 'hostname' | 'routedBy'>;

export interface Judging extends Asked {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly trust: Required<TrustSet>;
}

type Failed = Extract<Dialled, { kind: 'no-connection' }>;
type Presenting = Extract<Dialled, { kind: 'presented' }>;

/** Nothing was seen there. */
export function blank(result: 'NoOrigin' | 'Unverifiable', message: string): Finding {
  return { result, message, ...UNSEEN };
}

const UNSEEN = {
  presented: undefined,
  tls: false,
  clientCertificate: 'unknown',
  redirectsToHttp: false,
} as const;

/** No TCP connection: what the edge would make of it, as far as that can be told from here. */
export function unconnected({ why, code }: Failed, { hostname, routedBy }: Asked): Finding {
  if (routedBy !== undefined) return blank('Unverifiable', say.outOfReach(code, routedBy, hostname));
  if (why === 'refused') return { result: 'Refused', message: say.refused(), ...UNSEEN };
  if (why === 'silence') return { result: 'Timeout', message: say.timeout(), ...UNSEEN };
  return blank('Unverifiable', say.noRoute(code, hostname));
}

/** What the edge would see, the client certificate shown where there is one. */
export function findingOf(knocked: Knocked, judging: Judging): Finding {
  const { plain, withClient } = knocked;
  if (plain.kind === 'no-connection') return unconnected(plain, judging);
  // Servers that hang up on those without a certificate, and say nothing, may well talk to those with one.
  const seen = [plain, withClient].find((dialled) => dialled?.kind === 'presented');
  if (seen?.kind !== 'presented') return withoutTls(plain, knocked.speaksHttp);
  return presentedFinding(seen, knocked, judging);
}

function withoutTls(dialled: Dialled, speaksHttp: boolean): Finding {
  const { code, chain } = dialled.kind === 'no-tls' ? dialled : { code: 'UNKNOWN', chain: undefined };
  const presented = chain && presentedOf(chain[0]);
  const message = say.noTls(code, speaksHttp) + (presented ? say.hadPresented(presented) : '');
  return { ...UNSEEN, result: 'HandshakeFailed', message, presented };
}

function presentedFinding(seen: Presenting, { plain, withClient }: Knocked, judging: Judging): Finding {
  const { result, problems, authority } = judge(seen.chain, judging);
  const presented = presentedOf(seen.chain[0]);
  const clientCertificate = demands(plain);
  const clientAccepted = withClient && accepts(withClient, plain);
  const message = [
    say.judged(result, problems, authority, judging.hostname),
    `Presented: ${describePresented(presented)}.`,
    ...(result === 'Valid' ? [] : [say.remedy(result, seen.chain[0], judging.hostname)]),
    ...say.client(clientCertificate, clientAccepted),
  ].join(' ');
  return {
    result,
    message,
    presented,
    tls: true,
    clientCertificate,
    ...(clientAccepted !== undefined && { clientAccepted }),
    redirectsToHttp: [plain, withClient].some((dialled) => isRedirect(dialled, judging.hostname)),
  };
}

function isRedirect(dialled: Dialled | undefined, hostname: string): boolean {
  return dialled?.kind === 'presented' && dialled.answer !== undefined
    ? leadsToHttp(dialled.answer, hostname)
    : false;
}

function demands(plain: Dialled): Verdict['clientCertificate'] {
  if (plain.kind !== 'presented') return 'unknown';
  if (plain.alert !== undefined) return 'required';
  if (plain.answer?.kind === 'answered') return plain.answer.refusesClient === undefined ? 'no' : 'required';
  // Closed without a word after the handshake: a TLS 1.3 origin may have done that because of us.
  return plain.answer?.kind === 'silent' ? 'no' : 'unknown';
}

function accepts(withClient: Dialled, plain: Dialled): boolean | undefined {
  if (withClient.kind === 'no-connection') return undefined;
  if (withClient.kind === 'no-tls' || withClient.alert !== undefined) return false;
  const { answer } = withClient;
  if (answer?.kind === 'answered') return answer.refusesClient === undefined;
  if (answer?.kind === 'silent') return true;
  // Closed without a word: because of the certificate, unless it treats everybody so.
  return plain.kind === 'presented' && plain.answer?.kind === 'closed' ? undefined : false;
}
