import { type CelInput, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import type { Rule, Schema } from './crds.ts';

/**
 * What the CEL rules of a schema say of a value, as `<path>: <message>` in the order of the rules. Only the CEL
 * rules: types, lengths, enums and list types are left to Ajv and to the real API server.
 */
export function violations(schema: Schema, value: unknown, path = ''): string[] {
  const own = (schema['x-kubernetes-validations'] ?? [])
    .filter((rule) => !holds(rule, schema, value))
    .map((rule) => `${path}${rule.fieldPath ?? ''}: ${messageOf(rule, schema, value)}`);
  return [...own, ...parts(schema, value, path).flatMap((part) => violations(...part))];
}

type Part = [schema: Schema, value: unknown, path: string];

function parts(schema: Schema, value: unknown, path: string): Part[] {
  const { items, properties = {}, additionalProperties } = schema;
  if (Array.isArray(value)) return items ? value.map((item, i): Part => [items, item, `${path}[${i}]`]) : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, child]: [string, unknown]): Part[] => {
    const childSchema = properties[name] ?? additionalProperties;
    return childSchema ? [[childSchema, child, path === '' ? name : `${path}.${name}`]] : [];
  });
}

type Evaluate = (bindings: { self: CelInput }) => unknown;

const planned = new Map<string, Evaluate>();

function holds({ rule }: Rule, schema: Schema, value: unknown): boolean {
  return evaluated(rule, schema, value) === true;
}

/** As the API server has it: a text that is none or has a line break is not used. */
function messageOf({ message, messageExpression }: Rule, schema: Schema, value: unknown): string {
  if (messageExpression === undefined) return message;
  const said = evaluated(messageExpression, schema, value);
  return typeof said !== 'string' || said.trim() === '' || said.includes('\n') ? message : said;
}

function evaluated(expression: string, schema: Schema, value: unknown): unknown {
  const evaluate = planned.get(expression) ?? plan(celEnv(), parse(expression));
  planned.set(expression, evaluate);
  const result = evaluate({ self: toCel(schema, value) });
  if (isCelError(result)) throw new Error(`CEL cannot be evaluated: ${expression}: ${result.message}`);
  return result;
}

/** JSON knows one kind of number, CEL tells int from double: the schema says which it is. */
function toCel(schema: Schema, value: unknown): CelInput {
  if (typeof value === 'number') return schema.type === 'integer' ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map((item) => toCel(schema.items ?? {}, item));
  if (typeof value !== 'object' || value === null) return value as CelInput;
  return new Map(
    Object.entries(value).map(([name, child]: [string, unknown]) => {
      const childSchema = schema.properties?.[name] ?? schema.additionalProperties ?? {};
      return [name, toCel(childSchema, child)];
    }),
  );
}
