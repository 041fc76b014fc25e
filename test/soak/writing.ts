/** Whose name stands behind everything that people do. */
const USER = 'soak-user';
const TIMEOUT_MS = 20_000;

/** How people write and read. */
export const writing = () => ({
  signal: AbortSignal.timeout(TIMEOUT_MS),
  fieldManager: USER,
  force: true,
});
