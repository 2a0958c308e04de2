/**
 * A node names its data version (`kv/data-version.ts`) among the features of its greetings: `data-2`. A node that names
 * none was built before there was a second one.
 */
const DATA_FEATURE = /^data-([1-9]\d{0,8})$/;

export const dataFeature = (version: number): string => `data-${version}`;

/** The highest that is named. */
export function dataVersionOf(features: readonly string[] = []): number {
  return Math.max(1, ...features.map((feature) => Number(DATA_FEATURE.exec(feature)?.[1] ?? 1)));
}
