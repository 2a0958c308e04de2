import { timeText } from './markup.js';

/** Where a time stands on a track: shares of its width, so that a page of any width needs no arithmetic. */
export class Axis {
  readonly durationMs: number;

  constructor(durationMs: number) {
    this.durationMs = durationMs;
  }

  /** A style that places an element over a stretch of time; what is outside of the run is cut off. */
  place(beginMs: number, endMs: number): string {
    const left = this.#share(beginMs);
    return `left:${percent(left)};width:${percent(Math.max(this.#share(endMs) - left, 0))}`;
  }

  /** A place in a drawing that is `width` units wide. */
  x(ms: number, width: number): number {
    return Number((this.#share(ms) * width).toFixed(1));
  }

  /** Lines with their times; the fine ones, which only a widened page has room for, between them. */
  ticks(): string {
    const step = niceStep(this.durationMs / 8);
    const fine = step / 10;
    const marks: string[] = [];
    for (let place = 0; place * fine <= this.durationMs; place += 1) {
      const ms = place * fine;
      const isFine = place % 10 !== 0;
      marks.push(
        `<span class="tick${isFine ? ' fine' : ''}" style="left:${percent(this.#share(ms))}">${isFine && place % 2 !== 0 ? '' : ms === 0 ? '0' : timeText(ms)}</span>`,
      );
    }
    return marks.join('');
  }

  #share(ms: number): number {
    return Math.min(Math.max(ms / this.durationMs, 0), 1);
  }
}

const percent = (share: number): string => `${Number((share * 100).toFixed(3))}%`;

/** The least of 1, 2, 5, 10, 20, 50 … milliseconds that is not below. */
function niceStep(least: number): number {
  const decade = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  return [1, 2, 5, 10].map((factor) => factor * decade).find((step) => step >= least) ?? 10 * decade;
}
