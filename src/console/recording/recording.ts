/** What `record` sees of the recording of a prompt. */
export interface Recording {
  /** Where to; null: nothing is recorded. */
  readonly file: string | null;
  /** Statements that were written. */
  readonly statements: number;
  /** Makes the file, which must be new unless `force` says so. Throws `command-failed` when it cannot be written. */
  start(file: string, options: { readonly force: boolean }): void;
  /** Nothing more is written; the script stays. */
  stop(): void;
}
