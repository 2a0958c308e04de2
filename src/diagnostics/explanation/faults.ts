import { formatDuration, type NodeId } from '../../base/index.js';
import type { DiagnosticEvent } from '../event.js';
import type { Fault, FaultType } from './document.js';
import { nodeOf, numberOf, textOf } from './fields.js';
import { namedIn } from './reach.js';
import type { Scene } from './scene.js';

const RULES: readonly FaultType[] = ['partition', 'isolate', 'cut', 'slow', 'flaky', 'disk'];
const CHANGES: readonly FaultType[] = ['remove', 'replace', 'wipe'];

/** The fault that an event is, by somebody's command or by itself; null for what is none. `scene`: as it was before. */
export function faultOf(event: DiagnosticEvent, scene: Scene): Fault | null {
  const node = nodeOf(event, 'node');
  const led = event.fields['led'] === true;
  switch (event.event) {
    case 'cluster-starting':
      return fault(scene, 'start', null);
    case 'process-killed':
      return fault(scene, 'kill', node, { led, detail: textOf(event, 'signal') });
    case 'process-paused':
      return fault(scene, 'pause', node, { led });
    case 'process-stopping':
      return fault(scene, textOf(event, 'action') === 'restart' ? 'restart' : 'stop', node, { led });
    case 'process-exited':
      return event.fields['expected'] === false ? fault(scene, 'crash', node, { led, detail: exitText(event) }) : null;
    case 'transfer-asked':
      return fault(scene, 'transfer', node, { led, detail: textOf(event, 'to') });
    case 'change-asked':
      return changed(event, scene);
    case 'fault-begun':
      return ruled(event, scene, led);
    case 'quorum-lost':
      return scene.isSettled && event.node === scene.leader
        ? fault(scene, 'quorum-lost', scene.leader, { led: true })
        : null;
    case 'leader-silent':
      return scene.isSettled && nodeOf(event, 'leader') === scene.leader && scene.rules.length === 0
        ? fault(scene, 'silence', scene.leader, { led: true, detail: silenceText(event) })
        : null;
    default:
      return null;
  }
}

interface Details {
  readonly led?: boolean;
  readonly detail?: string | null;
  readonly named?: readonly NodeId[];
  readonly rule?: number | null;
}

function fault(scene: Scene, type: FaultType, node: NodeId | null, details: Details = {}): Fault {
  const { led = false, detail = null, named = node === null ? [] : [node], rule = null } = details;
  return { type, node, named, leader: scene.leader, term: scene.term, led, detail, rule };
}

function changed(event: DiagnosticEvent, scene: Scene): Fault | null {
  const type = CHANGES.find((change) => change === textOf(event, 'change'));
  const of = nodeOf(event, 'of');
  return type === undefined ? null : fault(scene, type, of, { led: of !== null && of === scene.leader });
}

function ruled(event: DiagnosticEvent, scene: Scene, led: boolean): Fault | null {
  const type = RULES.find((rule) => rule === textOf(event, 'fault'));
  const detail = textOf(event, 'rule');
  if (type === undefined || detail === null) return null;
  const node = nodeOf(event, 'node');
  return fault(scene, type, node, { led, detail, named: namedIn(detail), rule: numberOf(event, 'id') });
}

const silenceText = (event: DiagnosticEvent): string =>
  `${event.node} has heard nothing for ${formatDuration(numberOf(event, 'silentTicks') ?? 0)}`;

export const exitText = (event: DiagnosticEvent): string =>
  textOf(event, 'signal') ?? `exit code ${numberOf(event, 'code') ?? 'unknown'}`;
