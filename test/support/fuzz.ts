import fc from 'fast-check';

const runs = Number(process.env['FUZZ_RUNS'] ?? 0);
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);

if (runs > 0) console.log(`FUZZ_RUNS=${runs} FUZZ_SEED=${seed}`);

/**
 * How often a property is tried: as often as the test says, or FUZZ_RUNS times. What fast-check finds it prints with
 * its seed, which FUZZ_SEED repeats.
 */
export function fuzz(numRuns: number): fc.Parameters<unknown> {
  return { numRuns: runs > 0 ? runs : numRuns, seed };
}

/** Text of any characters, control characters, halves of characters and very long ones among them. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(
    '',
    '.',
    '..',
    '../..',
    '\u0000',
    '\u202e',
    '\ud800',
    '\udfff',
    '\r\n',
    '-----BEGIN',
    '%2e%2e/',
  ),
  fc
    .tuple(fc.constantFrom('.', 'a', '-', ' ', '\n', '*.', 'a.', '"'), fc.integer({ min: 1, max: 5000 }))
    .map(([text, times]) => text.repeat(times)),
);

type Change = (all: Buffer) => Buffer;

/** The bytes with some of them changed, left out or doubled, or cut off. */
export function mutated(bytes: Uint8Array): fc.Arbitrary<Buffer> {
  const place = fc.nat({ max: bytes.length - 1 });
  const changed = fc.tuple(place, fc.nat({ max: 255 })).map(([at, byte]) => set(at, byte));
  const moved = fc.tuple(place, place, fc.boolean()).map(([at, from, isEnd]): Change => {
    return (all) => Buffer.concat([all.subarray(0, at), isEnd ? Buffer.alloc(0) : all.subarray(from)]);
  });
  return fc
    .array(fc.oneof({ weight: 3, arbitrary: changed }, { weight: 1, arbitrary: moved }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((changes) => changes.reduce<Buffer>((all, change) => change(all), Buffer.from(bytes)));
}

function set(at: number, byte: number): Change {
  return (all) => {
    const copy = Buffer.from(all);
    if (at < copy.length) copy[at] = byte;
    return copy;
  };
}
