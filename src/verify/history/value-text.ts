import { isUtf8 } from 'node:buffer';
import { crc32Of } from '../../base/crc32.js';

/** Longer ones are known by their beginning, length and checksum: a history is about which value, not what it says. */
const WHOLE_BYTES_MAX = 48;
const HEAD_BYTES = 32;
const BASE64 = 'base64:';

/** How a history writes a key or a value, of whatever bytes: the same text for the same bytes only. */
export function valueText(bytes: Buffer): string {
  if (bytes.length <= WHOLE_BYTES_MAX) return exact(bytes);
  const sum = crc32Of(bytes, 0, bytes.length).toString(16).padStart(8, '0');
  return `${exact(bytes.subarray(0, HEAD_BYTES))}… (${bytes.length} bytes, crc32 ${sum})`;
}

/** Text that looks like base64 of ours is not to be taken for it. */
function exact(bytes: Buffer): string {
  const text = isUtf8(bytes) ? bytes.toString('utf8') : BASE64;
  return text.startsWith(BASE64) ? `${BASE64}${bytes.toString('base64')}` : text;
}
