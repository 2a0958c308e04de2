import type { ErrorCode } from '../base/index.js';
import type { Data, View } from './output/index.js';

/** What a command answered. */
export interface Outcome {
  /** The documented shape of `-o json`; `.paths` look into it. */
  readonly document: Data;
  /** What a matcher without a path compares. */
  readonly principal: Data;
  /** What a person sees; an empty string prints nothing. */
  readonly text: (view: View) => string | Buffer;
  /** It ran and answered, and yet did not do what was asked (a cas that found another value): exit code 1. */
  readonly unmet?: string | undefined;
  /** What kind of failure that is; `command-failed` unless told. */
  readonly unmetCode?: ErrorCode;
  /** The prompt ends after it. */
  readonly leave?: boolean;
}

/** A command that changes something and has little to say. */
export const done = (document: Data, text: string, principal: Data = 'ok'): Outcome => ({
  document,
  principal,
  text: () => text,
});
