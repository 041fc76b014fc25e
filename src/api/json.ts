/** The value of a JSON text, or undefined where it is none: for text that others may have written or cut. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // "Not JSON" is the finding; the caller knows what the text was meant to be.
  }
}

/** A field of a parsed value, or undefined where the value is no object or has no such field. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1] as unknown;
}
