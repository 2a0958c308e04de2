import { object, type Parser, text } from '../wire/parse.js';

/**
 * # What a console and a supervisor say to each other
 *
 * The transport's frames over a Unix socket, role `client` with an empty cluster id: the socket's directory is the
 * user's alone. Every payload is a document. A console sends `call {method, args}` under a call id of its own and gets,
 * under the same id, any number of `news` frames and one `result` or `failure`; `cancel` ends what lasts. The first call
 * is `hello`. The methods, and what each takes and answers, are rows of `control-methods.ts`.
 */
export const CONTROL = {
  call: 112,
  cancel: 113,
  result: 114,
  failure: 115,
  news: 116,
} as const;

/** Both ends are raftctl; `hello` refuses a version that is not the same. */
export const CONTROL_VERSION = 3;

export const CONTROL_FRAME_BYTES_MAX = 64 << 20;
export const CONTROL_QUEUED_BYTES_MAX = 128 << 20;

export const parseCall: Parser<{ readonly method: string; readonly args: unknown }> = object({
  method: text,
  args: (value) => value,
});
