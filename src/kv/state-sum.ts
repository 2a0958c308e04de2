/**
 * What all stored versions add up to: how many there are, and two sums of their checksums, each stirred in another way,
 * modulo 2^32. A sum does not depend on the order, so that it is kept by adding what a command writes and taking away
 * what it replaces; and it says of two states that differ in a version that they do, but for one case in 2^32 (the
 * checksums of the two are the same).
 */
export interface StateSum {
  readonly keys: number;
  /** Both whole numbers from 0, below 2^32. */
  readonly first: number;
  readonly second: number;
}

export const NO_KEYS: StateSum = { keys: 0, first: 0, second: 0 };

export const isSameSum = (one: StateSum, other: StateSum): boolean =>
  one.keys === other.keys && one.first === other.first && one.second === other.second;

export class RunningSum {
  #keys: number;
  #first: number;
  #second: number;

  constructor({ keys, first, second }: StateSum) {
    this.#keys = keys;
    this.#first = first;
    this.#second = second;
  }

  get now(): StateSum {
    return { keys: this.#keys, first: this.#first >>> 0, second: this.#second >>> 0 };
  }

  /** A key has come, with the version of this checksum. */
  add(checksum: number): void {
    this.#keys += 1;
    this.#first = (this.#first + stirred(checksum, 0x85eb_ca6b)) | 0;
    this.#second = (this.#second + stirred(checksum, 0xc2b2_ae35)) | 0;
  }

  /** The version of this checksum is no more. */
  remove(checksum: number): void {
    this.#keys -= 1;
    this.#first = (this.#first - stirred(checksum, 0x85eb_ca6b)) | 0;
    this.#second = (this.#second - stirred(checksum, 0xc2b2_ae35)) | 0;
  }
}

/** One to one, and far from linear: sums of checksums as they are would cancel out where many keys differ alike. */
function stirred(checksum: number, factor: number): number {
  let bits = Math.imul(checksum ^ (checksum >>> 16), factor);
  bits = Math.imul(bits ^ (bits >>> 13), factor);
  return bits ^ (bits >>> 16);
}
