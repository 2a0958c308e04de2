/**
 * # verify/history: what clients saw
 *
 * A history is one JSON object a line, one line an operation, in any order:
 *
 *     {"client":"c1","op":"put","key":"x","value":"1","call_ns":"1000","return_ns":"1800","ok":true,"revision":1}
 *     {"client":"c2","op":"get","key":"x","call_ns":"2000","return_ns":"2300","ok":true,"output":"1","revision":1}
 *     {"client":"c1","op":"cas","key":"x","expected":"1","value":"2","call_ns":"2100","return_ns":null,"ok":null}
 *
 * | field       |                                                                                              |
 * |-------------|----------------------------------------------------------------------------------------------|
 * | `client`    | who: a name or a whole number; nothing is concluded from it                                  |
 * | `op`, `key` | put, get, del or cas, of one key                                                             |
 * | `value`     | put: what is written; cas: the new value                                                     |
 * | `expected`  | cas: the old value, null for "no such key"                                                   |
 * | `call_ns`, `return_ns` | nanoseconds of one monotonic clock, integers or strings; null: it never returned  |
 * | `ok`        | true: answered; false: it certainly had no effect; null: the outcome is unknown              |
 * | `output`    | of what was answered. get: the value, null for "no such key"; cas, del: whether it changed   |
 * | `revision`, `node` | may be left out: the store's revision behind the answer, and who gave it              |
 *
 * Other fields are ignored. A null `return_ns` means an unknown outcome.
 *
 *     const history = parseHistory(text.split('\n'), 'history.jsonl');     // or HistoryReader, line by line
 *     const lines = history.operations.map((operation) => historyLine(operation, history.originNs));
 *
 * `recording.ts` takes operations down, `value-text.ts` says how a value that is long, or no text, is written.
 * A line that is not an operation, returns before it was called, or repeats another one is a `history-invalid` that
 * names it. Stamps keep their nanoseconds: they are read as 64-bit integers and kept as distances from the first call.
 */
export { type History, historyOf, isWrite, type Operation, type OperationType, type Outcome } from './operation.js';
export { HistoryReader, parseHistory } from './reader.js';
export { type Answer, type Call, callOf, operationOf, type Question } from './recording.js';
export { valueText } from './value-text.js';
export { historyLine } from './write.js';
