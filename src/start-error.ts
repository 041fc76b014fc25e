/**
 * What the operator was started with cannot be used: one sentence with the name, the value where it is no secret, and
 * the remedy. Nothing has been changed anywhere when it is thrown.
 */
export class StartError extends Error {
  override readonly name = 'StartError';
}
