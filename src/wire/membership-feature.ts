/**
 * A node names the index of the membership that it goes by among the features of its greetings: `members-42`. Who knows
 * an earlier one may have to do with members that it has not heard of.
 */
const MEMBERSHIP_FEATURE = /^members-(\d{1,16})$/;

export const membershipFeature = (index: number): string => `members-${index}`;

/** The one that is named; -1: none is. */
export function membershipIndexOf(features: readonly string[] = []): number {
  return Math.max(-1, ...features.map((feature) => Number(MEMBERSHIP_FEATURE.exec(feature)?.[1] ?? -1)));
}
