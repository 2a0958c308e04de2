/**
 * The candidate that was probably meant: the nearest one, if at most a third of the letters differ.
 * `nearest('heartbet', ['heartbeat', 'electionTimeout'])` is `heartbeat`.
 */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(Math.max(typed.length, 3) / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(typed.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  if (best !== undefined || typed.length < 3) return best;
  // "stat" means "status": a beginning counts, when only one candidate has it.
  const beginning = [...candidates].filter((candidate) => candidate.startsWith(typed));
  return beginning.length === 1 ? beginning[0] : undefined;
}

/** `; did you mean get?`, or nothing. `write`: how the candidate is written where it was typed. */
export function didYouMean(
  typed: string,
  candidates: Iterable<string>,
  write: (near: string) => string = (near) => near,
): string {
  const near = nearest(typed, candidates);
  return near === undefined ? '' : `; did you mean ${write(near)}?`;
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > 8 || left.length > 64 || right.length > 64)
    return Number.POSITIVE_INFINITY;
  let twoAbove: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1];
      let cost = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]) {
        cost = Math.min(cost, twoAbove[j - 2]! + 1);
      }
      row.push(cost);
    }
    twoAbove = above;
    above = row;
  }
  return above[right.length]!;
}
