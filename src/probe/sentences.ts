import type { X509Certificate } from 'node:crypto';
import type { Judgement } from './judge.ts';
import { describePresented } from './present.ts';
import type { Presented, Verdict } from './types.ts';

/** An example that can be copied into the spec. */
function nameProbes(hostname: string): string {
  return (
    `Name an address that can be reached from inside the cluster in spec.probes, as ` +
    `{hostnames: ["${hostname}"], addresses: ["<service>.<namespace>.svc:443"]}.`
  );
}

export function noName(hostname: string): string {
  return `${JSON.stringify(hostname)} is no name that a server can be asked for.`;
}

export function noAddress(text: string, hostname: string): string {
  return `${JSON.stringify(text.slice(0, 260))} is no host:port. ${nameProbes(hostname)}`;
}

export function nowhere(hostname: string): string {
  return `No address is known to knock at. ${nameProbes(hostname)}`;
}

export function unresolved(host: string, why: string, hostname: string): string {
  return `The name ${host} ${why}. ${nameProbes(hostname)}`;
}

export function guarded(ip: string, what: string, hostname: string): string {
  return (
    `${ip} is ${what}, which is never contacted unless --probe-allow-cidr allows it. ` + nameProbes(hostname)
  );
}

export function insideCloudflare(ip: string): string {
  return `The record leads to ${ip}, which is Cloudflare's own: there is no origin to look at.`;
}

export function edgeInstead(ip: string, hostname: string): string {
  return (
    `${ip} is Cloudflare's own: its edge answers there with its own certificate, and the origin stays unseen. ` +
    nameProbes(hostname)
  );
}

export function refused(): string {
  return (
    'The connection was refused: visitors would get 521. See that something listens there, and that no firewall ' +
    'turns connections away.'
  );
}

export function timeout(): string {
  return (
    'The connection was not answered: visitors would get 522. See that the machine runs, and that no firewall drops ' +
    'what Cloudflare sends.'
  );
}

export function noRoute(code: string, hostname: string): string {
  return `There is no way there from here (${code}). ${nameProbes(hostname)}`;
}

/** Of what the record names, where something in the cluster routes the name at other addresses. */
export function outOfReach(code: string, routedBy: string, hostname: string): string {
  return (
    `No connection can be had there from here (${code}), where the DNS record leads Cloudflare, although ${routedBy} ` +
    `routes the name at another address. Perhaps it is reached from outside alone. ${nameProbes(hostname)}`
  );
}

/** `code`: of an error, or `silence` or `close`. */
export function noTls(code: string, speaksHttp: boolean): string {
  const visitors = 'visitors would get 525 under full and strict.';
  if (speaksHttp)
    return `Plain HTTP is spoken there, not TLS: ${visitors} Name the port that speaks TLS, or switch TLS on.`;
  // TCP is there, so it is no 522; what the edge misses is the handshake.
  if (code === 'silence') return `The connection is accepted, but TLS is never answered: ${visitors}`;
  if (code === 'close') return `The connection is closed instead of shaking hands: ${visitors}`;
  if (code.endsWith('UNRECOGNIZED_NAME'))
    return `No certificate is there for this name (${code}): ${visitors} See that the Ingress has a tls entry for it.`;
  return `The TLS handshake failed (${code}): ${visitors} See that a certificate is installed there.`;
}

export function hadPresented(presented: Presented): string {
  return ` Presented before that: ${describePresented(presented)}.`;
}

export function judged(
  result: Judgement['result'],
  problems: readonly string[],
  authority: string | undefined,
  hostname: string,
): string {
  return result === 'Valid'
    ? `The certificate is what strict accepts for ${hostname}; it comes from ${authority ?? 'nobody'}.`
    : `The certificate ${problems.join(', and ')}: visitors would get 526 under strict.`;
}

/** Of a name's addresses that were too many to look at. */
export function beyond(host: string, count: number, hostname: string): string {
  return `The name ${host} has ${count} more addresses, which are too many to look at. ${nameProbes(hostname)}`;
}

/** Certificates that Ingress controllers make up where they have none to serve. */
const MADE_UP = [
  {
    controller: 'ingress-nginx',
    marks: ['CN=Kubernetes Ingress Controller Fake Certificate', 'O=Acme Co'],
  },
  { controller: 'Traefik', marks: ['CN=TRAEFIK DEFAULT CERT'] },
] as const;

/** What to do about it. */
export function remedy(
  result: Exclude<Judgement['result'], 'Valid'>,
  { subject }: X509Certificate,
  hostname: string,
): string {
  const lines = (subject ?? '').split('\n');
  const madeUp = MADE_UP.find(({ marks }) => marks.every((mark) => lines.includes(mark)));
  if (madeUp)
    return (
      `This is the certificate that ${madeUp.controller} makes up where it has none: no Ingress has a tls entry for ` +
      `${hostname}, or its Secret is missing or was refused (see the controller's log).`
    );
  switch (result) {
    case 'Untrusted':
      return (
        'Serve a certificate of the Origin CA (an OriginCertificate) or of a public authority with its intermediates, ' +
        'or name its root in spec.gate.trustedCASecretRef.'
      );
    case 'Expired':
      return 'Serve a renewed certificate; if the Secret holds one, restart what listens there.';
    case 'NameMismatch':
      return `Serve a certificate that names ${hostname}, and see that the tls entry of the Ingress names it too.`;
  }
}

export function client(
  demanded: Verdict['clientCertificate'],
  accepted: boolean | undefined,
): readonly string[] {
  if (accepted === false)
    return ['It refuses the client certificate of Authenticated Origin Pulls: visitors would get an error.'];
  if (demanded !== 'required') return [];
  return accepted === true
    ? ['It demands a client certificate, and takes ours.']
    : ['It demands a client certificate: without Authenticated Origin Pulls visitors would get an error.'];
}
