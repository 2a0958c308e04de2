import type { Fields, FieldValue } from '../base/index.js';
import type { DiagnosticEvent } from './event.js';

/** The plain text of an event: `12:03:04.123 info  node-02 raft role-changed from=candidate to=leader term=7`. */
export function renderEvent(event: DiagnosticEvent): string {
  const { wall, level, node, component, event: name, fields } = event;
  return `${renderTime(wall)} ${level.padEnd(5)} ${node} ${component} ${name}${renderFields(fields)}`;
}

/** ` key=value` for each field that has a value. A value that could be misread is quoted as in JSON. */
function renderFields(fields: Fields): string {
  let text = '';
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) text += ` ${key}=${renderValue(value)}`;
  }
  return text;
}

/** What may stand without quotes: printable, no blank, quote or equals sign. */
const BARE = /^[^\s"'=\\\x00-\x1f\x7f-\x9f]+$/;
const CONTROL = /[\x7f-\x9f\u2028\u2029]/g;

function renderValue(value: Exclude<FieldValue, undefined>): string {
  if (typeof value !== 'string') return typeof value === 'number' ? renderNumber(value) : String(value);
  if (BARE.test(value)) return value;
  // JSON leaves DEL and the C1 controls as they are; a terminal would obey them.
  return JSON.stringify(value).replace(
    CONTROL,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Milliseconds carry a long fraction: three digits of it are enough to read. */
const renderNumber = (value: number): string => String(Number.isInteger(value) ? value : Math.round(value * 1e3) / 1e3);

let second = Number.NaN;
let secondText = '';

/** The local time of day. Most lines share the second of the line before. */
function renderTime(wall: number): string {
  const whole = Math.floor(wall / 1e3);
  if (whole !== second) {
    // Turns a time it is given into text and reads no clock. Intl would cost 11 ms at the first line.
    const date = new Date(whole * 1e3);
    second = whole;
    secondText = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => pad(part, 2)).join(':');
  }
  return `${secondText}.${pad(Math.floor(wall - whole * 1e3), 3)}`;
}

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');
