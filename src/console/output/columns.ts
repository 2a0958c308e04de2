import { widthOf } from './sanitize.js';

/** Aligns rows into columns two blanks apart, without borders, so that `awk` reads them as well as people do. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    });
  }
  return rows.map((row) => row.map((cell, index) => pad(cell, index, row, widths)).join('  ')).join('\n');
}

function pad(cell: string, index: number, row: readonly string[], widths: readonly number[]): string {
  return index === row.length - 1 ? cell : cell + ' '.repeat(widths[index]! - widthOf(cell));
}
