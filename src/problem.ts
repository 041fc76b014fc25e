/** What went wrong, in one line. Messages only: a stack or a nested cause could quote what a library was given. */
export function problemOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
