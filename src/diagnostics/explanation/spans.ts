import type { Configuration } from '../../base/index.js';
import type { MergedEvent } from '../event.js';
import type { Fault } from './document.js';
import { faultOf } from './faults.js';
import { nodeOf } from './fields.js';
import { Scene } from './scene.js';

/** A fault with all that happened until the next one. */
export interface Span {
  readonly fault: Fault;
  /** The event that the fault is: time 0. */
  readonly cause: MergedEvent;
  /** In the order of time, the cause among them. Of a crash, those that noticed it before the supervisor did come first. */
  readonly events: readonly MergedEvent[];
  /** As it was before the fault, and at the end. */
  readonly before: Scene;
  readonly after: Scene;
}

interface OpenSpan extends Span {
  readonly events: MergedEvent[];
  after: Scene;
  lastFaultAt: number;
}

/** Faults of one command come within moments. */
const TOGETHER_MS = 100;
/** Connections of a process that died end about when its supervisor hears of it. */
const EARLY_MS = 100;
/** What is heard of a silence so soon after a fault is its doing. */
const AFTERMATH_MS = 5_000;

const NOTICES: ReadonlySet<string> = new Set(['link-broken', 'peer-gone', 'leader-suspected']);

/**
 * Cuts events, in the order of time, into faults and what they led to. A fault that comes while somebody leads begins a
 * span of its own; one that comes while the one before is still at work (nobody leads yet) belongs to that one.
 * Events before the first fault are nobody's.
 */
export function spansOf(events: readonly MergedEvent[], first: Configuration): readonly Span[] {
  const scene = new Scene(first);
  const spans: OpenSpan[] = [];
  for (const event of events) {
    scene.learn(event);
    const fault = faultOf(event, scene);
    const open = spans.at(-1);
    if (fault !== null && begins(fault, event, scene, open)) {
      if (open) open.after = scene.copy();
      const early = fault.type === 'crash' && open ? takeNotices(open.events, event) : [];
      const before = scene.copy();
      spans.push({ fault, cause: event, events: [...early, event], before, after: scene, lastFaultAt: event.time });
    } else if (open) {
      open.events.push(event);
      if (fault !== null) open.lastFaultAt = event.time;
    }
    scene.apply(event);
  }
  return spans;
}

function begins(fault: Fault, event: MergedEvent, scene: Scene, open: OpenSpan | undefined): boolean {
  if (open === undefined) return true;
  const sinceLast = event.time - open.lastFaultAt;
  if (fault.type === 'silence') return sinceLast > AFTERMATH_MS;
  const isOld = scene.term === open.before.term;
  if (fault.type === open.fault.type && sinceLast < TOGETHER_MS && isOld) return false;
  // What was done to it ends it, or ends it again.
  if (fault.type === 'crash' && fault.node !== null && open.fault.named.includes(fault.node)) return false;
  return scene.isLed && (!open.fault.led || isOver(open, scene));
}

/** Somebody else was elected since, or what was done is undone. */
const isOver = ({ fault, before }: OpenSpan, scene: Scene): boolean =>
  scene.term > before.term ||
  (fault.node !== null && fault.rule === null && scene.processOf(fault.node) === 'up') ||
  (fault.rule !== null && scene.rules.length === 0);

/** Takes out who noticed the crash early. */
function takeNotices(events: MergedEvent[], crash: MergedEvent): MergedEvent[] {
  const node = nodeOf(crash, 'node');
  const isNotice = (event: MergedEvent) =>
    NOTICES.has(event.event) &&
    event.time >= crash.time - EARLY_MS &&
    (nodeOf(event, 'peer') ?? nodeOf(event, 'leader')) === node;
  const notices = events.filter(isNotice);
  if (notices.length > 0) events.splice(0, events.length, ...events.filter((event) => !isNotice(event)));
  return notices;
}
