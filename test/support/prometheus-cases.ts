import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** Unit tests of the alerts, in promtool's own format. */
const FOLDER = new URL('../monitoring/alerts/', import.meta.url);

interface PromtoolFile {
  readonly tests: readonly { readonly name: string; readonly alert_rule_test: readonly AlertCase[] }[];
}

/** What is expected of one alert at one moment. */
export interface AlertCase {
  readonly alertname: string;
  readonly exp_alerts: readonly object[];
}

/** Paths of the files, sorted. */
export async function promtoolFiles(): Promise<string[]> {
  return (await readdir(FOLDER)).toSorted().map((name) => fileURLToPath(new URL(name, FOLDER)));
}

/** The cases of all files. */
export async function alertCases(): Promise<AlertCase[]> {
  const files = await promtoolFiles();
  const parsed = await Promise.all(
    files.map(async (file) => parse(await readFile(file, 'utf8')) as PromtoolFile),
  );
  return parsed.flatMap(({ tests }) => tests.flatMap((each) => each.alert_rule_test));
}
