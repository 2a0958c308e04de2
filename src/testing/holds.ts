// As they are when this is loaded, as those of base/real.
const { clearInterval, setInterval } = globalThis;

/** Node takes a longer one for the shortest. */
const LONG_MS = 2 ** 31 - 1;

/**
 * A test's process lives as long as somebody waits for what the library promised, and not a moment longer: a cluster
 * that was forgotten keeps no test runner waiting.
 */
export class Holds {
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;

  async while<T>(promise: Promise<T>): Promise<T> {
    this.#waiting += 1;
    this.#timer ??= setInterval(() => {}, LONG_MS);
    try {
      return await promise;
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#letGo();
    }
  }

  #letGo(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Of this process. */
export const holds = new Holds();
