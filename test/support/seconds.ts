/** For a figure that a test prints. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
