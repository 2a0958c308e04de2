/** What a message calls a percentage that is asked for. */
export const A_PERCENTAGE = 'a percentage such as 10%, more than 0% and at most 100%';

/** `10%` or `0.5%` as a share, 0.1 or 0.005; undefined for anything else, and for none at all. */
export function parsePercent(text: string): number | undefined {
  const found = /^(\d{1,3}(?:\.\d{1,4})?)%$/.exec(text);
  const share = Number(found?.[1] ?? 0) / 100;
  return share > 0 && share <= 1 ? share : undefined;
}
