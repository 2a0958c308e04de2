/** Turns of the microtask queue: promises that are ready run before time moves on. */
export class Microtasks {
  /** Counts what happens within microtasks: there may be many in one event, one after the other. */
  steps = 0;

  readonly stepped = (): void => {
    this.steps += 1;
  };

  async turns(count: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) await undefined;
  }

  /** Until nobody takes a step within so many turns. */
  async settle(most: number): Promise<void> {
    let steps: number;
    do {
      steps = this.steps;
      await this.turns(most);
    } while (this.steps !== steps);
  }
}
