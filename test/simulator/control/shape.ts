/**
 * What a control body must look like. A trailing `?` marks what may be absent; a list holds the only values
 * allowed; `date` is text that Date parses.
 */
type Kind = 'string' | 'number' | 'boolean' | 'strings' | 'date' | 'any';
type Rule = Kind | `${Kind}?` | { readonly oneOf: readonly unknown[]; readonly optional?: boolean };
export type Shape<T> = { readonly [K in keyof Required<T>]: Rule };

/** A control body that is not as it should be; the message says which field and why. */
export class ControlError extends Error {}

/** The body as a T, if it has T's shape; unknown fields are refused, so that no misspelt one is ignored. */
export function checked<T>(body: unknown, shape: Shape<T>): T {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new ControlError('the body must be a JSON object');
  const fields: { readonly [name: string]: unknown } = { ...body };
  const rules: { readonly [name: string]: Rule | undefined } = { ...shape };
  for (const name of Object.keys(fields)) {
    if (!Object.hasOwn(shape, name)) {
      throw new ControlError(`unknown field ${name}; known are ${Object.keys(shape).join(', ')}`);
    }
  }
  for (const [name, rule] of Object.entries(rules)) {
    if (rule !== undefined) checkField(name, fields[name], rule);
  }
  // The parse boundary: every field has just been checked against the shape of T.
  return fields as T;
}

function checkField(name: string, value: unknown, rule: Rule): void {
  const optional = typeof rule === 'string' ? rule.endsWith('?') : rule.optional === true;
  if (value === undefined) {
    if (optional) return;
    throw new ControlError(`${name} is missing`);
  }
  if (typeof rule !== 'string') {
    if (rule.oneOf.includes(value)) return;
    throw new ControlError(`${name} is ${JSON.stringify(value)}; it must be one of ${rule.oneOf.join(', ')}`);
  }
  const kind = rule.replace('?', '');
  if (!isOfKind(value, kind))
    throw new ControlError(`${name} is ${JSON.stringify(value)}; it must be of kind ${kind}`);
}

function isOfKind(value: unknown, kind: string): boolean {
  switch (kind) {
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'date':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value));
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'any':
      return true;
    default:
      return typeof value === kind;
  }
}
