import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asNodeId, type FieldValue, type NodeId } from '../../../src/base/index.js';
import { EVENTS, isEventName, type MergedEvent } from '../../../src/diagnostics/index.js';

const DIRECTORY = fileURLToPath(new URL('recorded', import.meta.url));

/** Names of what was recorded of real clusters, or written down: `recorded/NAME.events`. */
export const recordings = (): string[] =>
  readdirSync(DIRECTORY)
    .filter((name) => name.endsWith('.events'))
    .map((name) => name.slice(0, -'.events'.length));

export const textFile = (name: string): string => join(DIRECTORY, `${name}.txt`);

export const recorded = (name: string): readonly MergedEvent[] =>
  eventsOf(readFileSync(join(DIRECTORY, `${name}.events`), 'utf8'));

/**
 * A line an event: `12.3 node-02 role-changed from=candidate to=leader`, with milliseconds since any moment. Values are
 * JSON, or bare words. Lines that begin with # say what it is about.
 */
export function eventsOf(text: string): readonly MergedEvent[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.map((line, at) => eventOf(line.trim(), at + 1));
}

function eventOf(line: string, position: number): MergedEvent {
  const found = /^(-?[\d.]+)\s+(\S+)\s+(\S+)\s*(.*)$/.exec(line);
  const [, time, node, event, rest = ''] = found ?? [];
  if (node === undefined || event === undefined || !isEventName(event)) throw new Error(`no event: ${line}`);
  const { component, level } = EVENTS[event];
  const pairs = [...rest.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|\S*)/g)].map(([, key, value]) => [key!, fieldOf(value!)]);
  return {
    position,
    node: node === 'supervisor' ? node : (asNodeId(node) as NodeId),
    instance: 'i',
    sequence: position,
    component,
    level,
    event,
    fields: Object.fromEntries(pairs) as Record<string, FieldValue>,
    wall: 1_700_000_000_000 + Number(time),
    time: Number(time),
  };
}

function fieldOf(text: string): FieldValue {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (text === 'true' || text === 'false' || text === 'null' || text.startsWith('"')) return JSON.parse(text);
  return text;
}
