import { expect, test } from 'vitest';
import { flagTable, parseConfig } from '../../src/config.ts';
import { strangeVariables } from '../../src/flags.ts';

test('a variable that looks like that of a flag and is of none is strange', () => {
  const env = {
    ORIGINCA_ZONE_INTERVL: '5s',
    ORIGINCA_: '',
    ORIGINCA_SETTLE: '5s',
    PATH: '/bin',
    X: undefined,
  };
  expect(parseConfig([], { env, isTty: false })).toMatchObject({
    strangeVariables: ['ORIGINCA_', 'ORIGINCA_ZONE_INTERVL'],
  });
});

test('no variable of a flag is strange', () => {
  const variables = flagTable().map(({ variable }) => variable);
  expect(strangeVariables(Object.fromEntries(variables.map((name) => [name, 'x'])))).toEqual([]);
});

test('what Kubernetes says of a Service is not strange', () => {
  const env = Object.fromEntries(
    [
      'SERVICE_HOST',
      'SERVICE_PORT',
      'SERVICE_PORT_METRICS',
      'PORT',
      'PORT_8080_TCP',
      'PORT_8080_TCP_PROTO',
      'PORT_8080_TCP_PORT',
      'PORT_8080_TCP_ADDR',
    ].map((name) => [`ORIGINCA_SHOP_${name}`, 'x']),
  );
  expect(strangeVariables(env)).toEqual([]);
});
