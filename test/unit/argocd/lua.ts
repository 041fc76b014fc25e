import { LuaFactory } from 'wasmoon';

/** Libraries that Argo CD's Lua does not have unless it is told so. */
const ABSENT = ['string', 'math', 'io', 'utf8', 'coroutine', 'debug'];

/** What a script of Lua returns that finds `obj` as a table, as Argo CD's health checks do. */
export async function runWithObject(script: string, object: object): Promise<unknown> {
  const lua = await new LuaFactory().createEngine({ injectObjects: false });
  try {
    return await lua.doString(`${ABSENT.join(', ')} = nil\nobj = ${literal(object)}\n${script}`);
  } finally {
    lua.global.close();
  }
}

/** A JSON value as Lua writes it. */
function literal(value: unknown): string {
  if (value === undefined || value === null) return 'nil';
  if (Array.isArray(value)) return `{ ${value.map(literal).join(', ')} }`;
  if (typeof value === 'object') {
    const fields = Object.entries(value).map(([key, field]) => `[${text(key)}] = ${literal(field)}`);
    return `{ ${fields.join(', ')} }`;
  }
  return typeof value === 'string' ? text(value) : JSON.stringify(value);
}

/** Lua's escapes are those of JSON, but for \u. */
function text(value: string): string {
  return JSON.stringify(value).replace(/\\u([0-9a-f]{4})/g, '\\u{$1}');
}
