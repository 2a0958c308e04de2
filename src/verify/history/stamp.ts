const U64_MAX = 2n ** 64n - 1n;
const DIGITS = /^\d{1,20}$/;

/** What a `call_ns` or `return_ns` has to be. */
export const STAMP_EXPECTED = 'nanoseconds: an integer from 0 to 2^64 - 1, or a string of its digits';

/** A stamp of the recorder's clock, exactly. Undefined when it is none. `text` is the line that `value` came from. */
export function readStamp(value: unknown, field: string, text: string): bigint | undefined {
  if (typeof value === 'string') return DIGITS.test(value) ? withinU64(BigInt(value)) : undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) return undefined;
  if (Number.isSafeInteger(value)) return BigInt(value);
  const digits = digitsOf(field, text);
  return digits === undefined ? undefined : withinU64(BigInt(digits));
}

const withinU64 = (stamp: bigint): bigint | undefined => (stamp <= U64_MAX ? stamp : undefined);

/**
 * `JSON.parse` rounds integers beyond 2^53, so their digits are taken from the text. No string of the line can be
 * mistaken for the field: inside a JSON string every quote has a backslash before it. The last one counts, as in
 * `JSON.parse`.
 */
function digitsOf(field: string, text: string): string | undefined {
  const found = [...text.matchAll(new RegExp(`"${field}"\\s*:\\s*(\\d+)(?![\\d.eE])`, 'g'))];
  return found.at(-1)?.[1];
}
