import { describe, expect, test } from 'vitest';
import { FlagError, parseFlags } from '../../simulator/flags.ts';

describe('parseFlags', () => {
  test('without flags takes any free ports', () => {
    expect(parseFlags([])).toEqual({
      port: 0,
      controlPort: 0,
      json: false,
      untilStdinCloses: false,
      help: false,
    });
  });

  test('takes ports', () => {
    expect(parseFlags(['--port', '8443', '--control-port=8080'])).toMatchObject({
      port: 8443,
      controlPort: 8080,
    });
  });

  test.each([
    [['--port', '65536'], '--port is "65536"; it must be a port number from 0 (any free one) to 65535.'],
    [['--port=-1'], '--port is "-1"; it must be a port number from 0 (any free one) to 65535.'],
    [
      ['--control-port', 'x'],
      '--control-port is "x"; it must be a port number from 0 (any free one) to 65535.',
    ],
  ])('refuses %j with a sentence that names flag, value and remedy', (args, message) => {
    expect(() => parseFlags(args)).toThrow(new FlagError(message));
  });

  test.each([[['--prot', '1']], [['stray']], [['--port']], [['--json=yes']]])(
    'refuses %j with one sentence',
    (args) => {
      expect(() => parseFlags(args)).toThrow(/^[^\n]+; --help lists the flags\.$/);
    },
  );
});
