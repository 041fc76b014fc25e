import { CRASH_USER, edit, FAULT, FAULT_USER, type Mutation, USER } from './mutation.ts';

const BRIDGED = { asks: { temporaryCertificate: true } } as const;
/** A leaked pair lies under a former name, and is for other hostnames, when the first temporary one is written. */
const LEAKED = {
  ...USER,
  ...BRIDGED,
  start: 'issued',
  user: 3,
  deeds: ['ask for rekey', 'edit hostnames', 'rename Secret'],
} as const;

/** The rules by which a self-signed pair stands in for a certificate that cannot be had, and for nothing else. */
export const BRIDGING: readonly Mutation[] = [
  {
    rule: 'only who asks for a temporary pair has one',
    world: FAULT,
    states: 8,
    edits: [edit('decide.ts', '!certificate.spec.temporaryCertificate || ', '')],
  },
  {
    rule: 'a temporary pair takes the place of none that was issued',
    world: { ...FAULT_USER, ...BRIDGED, start: 'issued', deeds: ['edit hostnames'] },
    states: 81,
    edits: [
      edit(
        'decide.ts',
        'isTemporary(facts) && (facts.notAfter <= now || !sameNames(spec.hostnames, facts.hostnames))',
        'facts.notAfter <= now || !sameNames(spec.hostnames, facts.hostnames)',
      ),
    ],
  },
  {
    rule: 'a temporary pair is written over what was read',
    world: { ...FAULT, ...BRIDGED, fault: 2 },
    states: 2_102,
    edits: [
      edit(
        'bridge.ts',
        'await apply(context, targetSecret(content, target), target, signal);',
        `const { metadata: { uid, resourceVersion, ...metadata }, ...body } = targetSecret(content, target);
    await apply(context, { ...body, metadata }, target, signal);`,
      ),
    ],
  },
  {
    rule: 'a temporary pair is not what was asked for',
    world: { ...FAULT, ...BRIDGED },
    states: 327,
    edits: [
      edit(
        'need.ts',
        "if (!certificate.trusted) return isTemporary(certificate) ? 'TemporaryCertificate' : 'UntrustedIssuer';",
        '',
      ),
    ],
  },
  {
    rule: 'a temporary pair follows the hostnames',
    world: { ...USER, ...BRIDGED, user: 2, deeds: ['delete issuer', 'edit hostnames'] },
    states: 4_099,
    edits: [edit('decide.ts', ' || !sameNames(spec.hostnames, facts.hostnames)', '')],
  },
  {
    rule: 'a temporary certificate is not recorded as one that was replaced',
    world: { ...FAULT, ...BRIDGED },
    states: 188,
    edits: [
      edit(
        'judge.ts',
        'return certificate && !isTemporary(certificate) ? certificate : undefined;',
        'return certificate;',
      ),
    ],
  },
  {
    rule: 'a temporary pair was issued for nobody',
    world: { ...FAULT_USER, asks: { ...BRIDGED.asks, onDelete: 'Revoke' }, deeds: ['delete object'] },
    states: 234,
    edits: [
      edit(
        'bridge.ts',
        'const content = { certificate, record,',
        'const content = { certificate, record: { ...record, issuedFor: certificate.metadata.uid },',
      ),
    ],
  },
  {
    rule: 'a former pair that is asked for is copied over a temporary one',
    world: { ...CRASH_USER, ...BRIDGED, deeds: ['rename Secret'] },
    states: 3_478,
    edits: [
      edit(
        'decide.ts',
        'target === undefined || (holdsTemporary(target) && !target.immutable)',
        'target === undefined',
      ),
    ],
  },
  {
    rule: 'a former Secret is not let go for a temporary pair',
    world: LEAKED,
    states: 38_864,
    edits: [edit('decide.ts', '!isBare || replacedCertificate(each) === undefined', 'each !== undefined')],
  },
  {
    rule: 'what comes after a temporary pair replaces what the former Secret holds',
    world: LEAKED,
    states: 38_824,
    edits: [edit('judge.ts', 'return [target, ...formers].find', 'return target ?? formers.find')],
  },
];
