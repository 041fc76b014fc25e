import { expect, test } from 'vitest';
import { KubeError } from '../../src/kube/errors.ts';
import { type MissingNamespacesOptions, tellMissingNamespaces } from '../../src/missing-namespaces.ts';

/** What is said at the start where only `shop` exists and `shut` may not be read. */
async function saidOf(config: MissingNamespacesOptions['config'], operatorNamespace: string) {
  const said: string[] = [];
  const say =
    (level: string) =>
    ({ namespace }: { namespace: string }, text: string): void =>
      void said.push(`${level} ${namespace}: ${text.split(/[:,]/)[0]}`);
  await tellMissingNamespaces({
    config,
    operatorNamespace,
    stop: new AbortController().signal,
    log: { warn: say('warn'), debug: say('debug') } as unknown as MissingNamespacesOptions['log'],
    kube: {
      get: (_resource: unknown, { name }: { name: string }) =>
        name === 'shut'
          ? Promise.reject(new KubeError('Forbidden', 'get namespaces: Forbidden'))
          : Promise.resolve(name === 'shop' ? { metadata: { name } } : undefined),
    } as unknown as MissingNamespacesOptions['kube'],
  });
  return said;
}

const WATCHED = 'the namespace to watch does not exist';
const OPERATORS = 'the operator namespace does not exist';

test.each<[string, readonly string[], boolean, string, readonly string[]]>([
  ['nothing where all is there', ['shop'], false, 'shop', []],
  ['each watched one', ['a', 'shop', 'b'], true, 'shop', [`warn a: ${WATCHED}`, `warn b: ${WATCHED}`]],
  ["the operator's where no Lease would tell", [], false, 'ops', [`warn ops: ${OPERATORS}`]],
  ["not the operator's under leader election", [], true, 'ops', []],
  [
    'nothing aloud of one that may not be read',
    ['shut'],
    true,
    'shop',
    ['debug shut: whether the namespace exists is not known'],
  ],
])('of missing namespaces is told %s', async (_, watchNamespaces, leaderElect, operators, expected) => {
  expect(await saidOf({ watchNamespaces, leaderElect }, operators)).toEqual(expected);
});
