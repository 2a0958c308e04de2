/** Keys and values of the workload: latin1 text, a character a byte. */
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const FILLING = 0x2e;

/** A value is its name, then filling. */
export function nameOf(value: Uint8Array): string {
  const end = value.indexOf(FILLING);
  return textOf(end < 0 ? value : value.subarray(0, end));
}

/** The bytes of a value of that name: filled up to `length`. */
export function valueNamed(name: string, length: number): Buffer {
  return Buffer.from(name.padEnd(length, '.'), 'latin1');
}
