import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { parse, stringify } from 'yaml';

/** The rules as Prometheus reads them: the source of truth. */
export const RULES = new URL('../../deploy/monitoring/rules.yaml', import.meta.url);
/** The same as an object for the Prometheus operator; written by `npm run generate`. */
export const PROMETHEUS_RULE = new URL('../../deploy/monitoring/prometheus-rule.yaml', import.meta.url);

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Recording {
  readonly record: string;
  readonly expr: string;
}

export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly (Alert | Recording)[] }[];
}

export async function readRules(): Promise<RuleFile> {
  return parse(await readFile(RULES, 'utf8')) as RuleFile;
}

/** The alerts of all groups, in order. */
export function alertsOf({ groups }: RuleFile): Alert[] {
  return groups.flatMap(({ rules }) => rules.filter((rule): rule is Alert => 'alert' in rule));
}

/** The series that the rules themselves record. */
export function recordingsOf({ groups }: RuleFile): Recording[] {
  return groups.flatMap(({ rules }) => rules.filter((rule): rule is Recording => 'record' in rule));
}

const HEADER = '# Generated from rules.yaml by `npm run generate`: change that, not this file.\n';

/** The text of deploy/monitoring/prometheus-rule.yaml as the rules ask for it. */
export async function generatePrometheusRule(): Promise<string> {
  const object = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'origin-ca-operator', namespace: 'originca-system' },
    spec: await readRules(),
  };
  const options = await resolveConfig(PROMETHEUS_RULE);
  return format(HEADER + stringify(object, { lineWidth: 0 }), { ...options, parser: 'yaml' });
}
