import type { Operation } from './operation.js';

/** An operation as a line of a history, without the line's end. Stamps are strings: they stay exact in every language. */
export function historyLine(operation: Operation, originNs: bigint): string {
  const { client, type, key, call, outcome, revision, node } = operation;
  const isAnswered = outcome === 'ok';
  return JSON.stringify({
    client,
    op: type,
    key,
    ...(type === 'cas' ? { expected: operation.expected } : {}),
    ...(type === 'put' || type === 'cas' ? { value: operation.value } : {}),
    call_ns: stampText(call, originNs),
    return_ns: outcome === 'unknown' ? null : stampText(operation.return, originNs),
    ok: outcome === 'unknown' ? null : isAnswered,
    ...(isAnswered && type !== 'put' ? { output: operation.output } : {}),
    revision,
    node,
  });
}

const stampText = (offset: number, originNs: bigint): string => String(originNs + BigInt(Math.round(offset)));
