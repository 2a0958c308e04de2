/** What values are filled up with: printable, and not all alike. */
const FILLER = Buffer.from(
  Array.from({ length: 1 << 10 }, (_, index) =>
    'abcdefghijklmnopqrstuvwxyz'.charCodeAt((index * index + 7 * index) % 26),
  ),
);

/** The values of a load: `a1.7.1042 kqw…`. The name of load, client and sequence makes each unlike all others. */
export class Values {
  readonly #bytes: number;
  readonly #scratch: Buffer;

  constructor(bytes: number) {
    this.#bytes = bytes;
    this.#scratch = Buffer.allocUnsafe(Math.max(bytes, NAME_BYTES_MAX));
    for (let at = 0; at < this.#scratch.length; at += FILLER.length) FILLER.copy(this.#scratch, at);
  }

  /** Good until the next one is made. `client` is the name of one client of one load, in ASCII. */
  make(client: string, sequence: number): Buffer {
    const name = `${client}.${sequence} `;
    const scratch = this.#scratch;
    scratch.write(name, 'latin1');
    // A shorter name leaves some of the one before: values are compared by making them anew, so they must not depend on it.
    if (name.length < NAME_BYTES_MAX) FILLER.copy(scratch, name.length, name.length, NAME_BYTES_MAX);
    return scratch.subarray(0, Math.max(this.#bytes, name.length - 1));
  }
}

/** A name is shorter than this. */
const NAME_BYTES_MAX = 128;
