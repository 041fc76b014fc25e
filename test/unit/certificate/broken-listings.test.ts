import { describe, expect, test } from 'vitest';
import { BrokenListings } from '../../../src/certificate/broken-listings.ts';

describe('a listing that failed when nobody stayed with it', () => {
  test('is told once, to the object that waited and for that zone alone', () => {
    const broken = new BrokenListings();
    const error = new Error('no answer');
    broken.note('ns/a', 'zone', error);
    expect(broken.take('ns/b', 'zone')).toBeUndefined();
    expect(broken.take('ns/a', 'other')).toBeUndefined();
    expect(broken.take('ns/a', 'zone')).toBe(error);
    expect(broken.take('ns/a', 'zone')).toBeUndefined();
  });

  test('is forgotten with the object', () => {
    const broken = new BrokenListings();
    broken.note('ns/a', 'zone', new Error('no answer'));
    broken.forget('ns/a');
    expect(broken.take('ns/a', 'zone')).toBeUndefined();
  });
});
