import { widthOf } from './sanitize.js';

type Rows = readonly (readonly string[])[];

/** Aligns rows into columns two blanks apart, without borders, so that `awk` reads them as well as people do. */
export function columns(rows: Rows): string {
  const widths = widthsOf(rows);
  return rows.map((row) => row.map((cell, index) => pad(cell, index, row, widths)).join('  ')).join('\n');
}

/**
 * Leaves out columns, in the order given, until a row fits into `width`: a table that wraps is no table. What is left
 * when all of them are gone is as wide as it is.
 */
export function fitColumns(rows: Rows, width: number, dispensable: readonly number[]): Rows {
  const widths = widthsOf(rows);
  const total = (left: ReadonlySet<number>) =>
    [...left].reduce((sum, index) => sum + (widths[index] ?? 0), 2 * (left.size - 1));
  const kept = new Set(widths.keys());
  for (const index of dispensable) {
    if (total(kept) <= width) break;
    kept.delete(index);
  }
  return rows.map((row) => row.filter((_, index) => kept.has(index)));
}

function widthsOf(rows: Rows): readonly number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    });
  }
  return widths;
}

function pad(cell: string, index: number, row: readonly string[], widths: readonly number[]): string {
  return index === row.length - 1 ? cell : cell + ' '.repeat(widths[index]! - widthOf(cell));
}
