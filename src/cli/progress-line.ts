import type { Host } from './host.js';

/** One line that is written over, on a terminal only. It does not wrap: what is too long is cut. */
export function progressLine({ stderr }: Host): { show(text: string): void; clear(): void } {
  if (!stderr.isTTY) return { show: () => {}, clear: () => {} };
  let isShown = false;
  return {
    show: (text) => {
      isShown = true;
      stderr.write(`\r\x1b[2K${text.slice(0, Math.max(1, (stderr.columns || 80) - 1))}`);
    },
    clear: () => {
      if (isShown) stderr.write('\r\x1b[2K');
      isShown = false;
    },
  };
}
