import type { Operation } from '../history/index.js';
import { alternatives } from './alternatives.js';
import { ROLES } from './problem.js';
import { findReason } from './reason.js';
import type { SearchLimits } from './search.js';
import { type BadPart, shrink } from './shrink.js';
import type { Violation, ViolationKind } from './verdict.js';
import { choice, duration, shownOperation, valueText } from './words.js';

/** Why no order explains the operations of a key: its smallest bad part, in words. `operations` stand by call. */
export function explain(key: string, operations: readonly Operation[], limits: SearchLimits): Violation {
  const bad = shrink(operations, limits);
  const part = operations.filter((_, nth) => bad.roles[nth]! <= ROLES.effectOnly);
  if (part.length > SHOWN_MAX) return unexplained(key, operations);
  const blamed = blame(operations, bad);
  const reason = blamed === undefined ? undefined : findReason(part, blamed, operations);
  const explanation = [...(reason?.sentences ?? orderInTime(part))];
  if (blamed !== undefined && reason?.kind !== 'unwritten value') {
    const roles = bad.roles.filter((role) => role <= ROLES.effectOnly);
    explanation.push(...couldHaveAnswered(part, roles, blamed, limits));
  }
  const shown = operations.filter((operation) => part.includes(operation) || reason?.cites.includes(operation));
  return violationOf(reason?.kind ?? 'no order', key, operations.length, bad.isSmallest, shown, explanation);
}

/** Nobody reads more; a part that stays larger was not shrunk for want of time. */
const SHOWN_MAX = 200;

/** A violation that there was no time to explain. */
export const unexplained = (key: string, operations: readonly Operation[]): Violation =>
  violationOf(
    'no order',
    key,
    operations.length,
    false,
    [],
    [`No order explains the answers of its ${operations.length} operations; no small part of them was found in time.`],
  );

function violationOf(
  kind: ViolationKind,
  key: string,
  outOf: number,
  isSmallest: boolean,
  part: readonly Operation[],
  explanation: readonly string[],
): Violation {
  return { kind, key, outOf, isSmallest, operations: part.map(shownOperation), explanation };
}

/** The last answer of the part that a different one could have taken the place of. */
function blame(operations: readonly Operation[], { roles }: BadPart): Operation | undefined {
  const answers = operations.filter(
    ({ type, outcome }, nth) => roles[nth] === ROLES.asAnswered && type !== 'put' && outcome === 'ok',
  );
  return answers.reduce<Operation | undefined>(
    (last, operation) => (last === undefined || operation.return > last.return ? operation : last),
    undefined,
  );
}

const ANSWERS_SHOWN_MAX = 4;

function couldHaveAnswered(
  part: readonly Operation[],
  roles: Uint8Array,
  blamed: Operation,
  limits: SearchLimits,
): string[] {
  const answers = alternatives(part, roles, blamed, limits);
  if (answers.length === 0 || answers.length > ANSWERS_SHOWN_MAX) return [];
  const texts = answers.map((answer) => (typeof answer === 'boolean' ? String(answer) : valueText(answer)));
  return [`By these operations alone, line ${blamed.line} could only have answered ${choice(texts)}.`];
}

/** What the times say of the order, where no short reason was found. */
function orderInTime(part: readonly Operation[]): string[] {
  const before = (left: Operation, right: Operation) => left.return < right.call;
  const facts: string[] = [];
  part.forEach((operation, nth) => {
    const next = part.slice(nth + 1).filter((later) => before(operation, later));
    for (const later of next) {
      if (next.some((middle) => before(middle, later))) continue;
      const gap = duration(later.call - operation.return);
      facts.push(`Line ${operation.line} had returned ${gap} before line ${later.line} was called.`);
    }
    const open = part.slice(nth + 1).filter((later) => !before(operation, later));
    if (open.length > 0) {
      const lines = choice(
        open.map(({ line }) => String(line)),
        'and',
      );
      facts.push(`Line ${operation.line} overlaps line${open.length > 1 ? 's' : ''} ${lines}: either may come first.`);
    }
  });
  return ['No order of them fits both their times and their answers.', ...facts.slice(0, FACTS_MAX)];
}

const FACTS_MAX = 12;
