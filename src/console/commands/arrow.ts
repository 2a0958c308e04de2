/** What a message calls a direction that is asked for. A shell takes `>` for itself. */
export const AN_ARROW = 'A->B, such as leader->node-02 (in a shell in quotes)';

/** The two ends of `A->B`; undefined for anything else. */
export function arrowOf(text: string): readonly [from: string, to: string] | undefined {
  const [from, to, ...more] = text.split('->');
  return from && to && more.length === 0 ? [from, to] : undefined;
}
