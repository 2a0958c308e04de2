import { asNodeId, type NodeId } from '../../base/index.js';
import type { DiagnosticEvent } from '../event.js';

/** Fields of events as values: what is missing or of another type is null, never guessed. */
export const textOf = ({ fields }: DiagnosticEvent, name: string): string | null => {
  const value = fields[name];
  return typeof value === 'string' ? value : null;
};

export const numberOf = ({ fields }: DiagnosticEvent, name: string): number | null => {
  const value = fields[name];
  return typeof value === 'number' ? value : null;
};

export const nodeOf = (event: DiagnosticEvent, name: string): NodeId | null => {
  const text = textOf(event, name);
  return text === null || text === '' ? null : asNodeId(text);
};

/** `node-01,node-02`. */
export const nodesOf = (event: DiagnosticEvent, name: string): readonly NodeId[] =>
  (textOf(event, name) ?? '').split(',').flatMap((id) => (id === '' ? [] : [asNodeId(id)]));
