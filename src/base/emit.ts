/** Structured diagnostics. Every part says what happened through the `Emit` it was handed; nobody prints. */

export const LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;
export type Level = (typeof LEVELS)[number];

export type FieldValue = string | number | boolean | null | undefined;
export type Fields = Readonly<Record<string, FieldValue>>;

export interface Emit {
  /** Is anybody listening at this level? Ask before building fields on a hot path. */
  enabled(level: Level): boolean;
  /** `event` is a kebab-case name from the table in `diagnostics/events.ts`. */
  emit(level: Level, event: string, fields?: Fields): void;
}

/** For tests and tools that have no listener. */
export const silent: Emit = { enabled: () => false, emit: () => {} };
