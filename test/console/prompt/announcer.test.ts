import { describe, expect, it } from 'vitest';
import { asNodeId } from '../../../src/base/index.js';
import { viewOf } from '../../../src/console/output/index.js';
import { sentence } from '../../../src/console/prompt/announcer.js';
import { promptText } from '../../../src/console/prompt/index.js';
import type { MergedEvent } from '../../../src/diagnostics/index.js';
import { membershipOf } from '../../helpers/membership.js';

const event = (name: string, fields: MergedEvent['fields'], time = 1_038): MergedEvent => ({
  node: name === 'role-changed' ? asNodeId('node-04') : 'supervisor',
  instance: 'i',
  sequence: 1,
  position: 1,
  component: 'raft',
  level: 'info',
  event: name,
  fields,
  wall: 0,
  time,
});
const kill = { noun: 'kill', at: 1_000, nodes: ['node-02'] };

describe('an announcement', () => {
  it('tells of a new leader, and how long it took since the fault', () => {
    const elected = event('role-changed', { to: 'leader', term: 8 });
    expect(sentence(elected, kill)).toBe('node-04 is leader, term 8, 38 ms after the kill');
    expect(sentence(elected, null)).toBe('node-04 is leader, term 8');
    expect(sentence(event('role-changed', { to: 'leader', term: 8 }, 999), kill)).toBe('node-04 is leader, term 8');
    expect(sentence(event('role-changed', { to: 'follower', term: 8 }), kill)).toBeNull();
  });

  it('tells of a crash, and keeps quiet about what was asked for', () => {
    expect(
      sentence(event('process-exited', { node: 'node-03', code: null, signal: 'SIGSEGV', expected: false }), null),
    ).toBe('node-03 ended by itself: killed by SIGSEGV');
    expect(sentence(event('process-exited', { node: 'node-03', code: 0, expected: true }), null)).toBeNull();
    expect(sentence(event('process-failed', { node: 'node-03', reason: 'five crashes' }), null)).toContain(
      'see logs node-03',
    );
  });
});

describe('the prompt', () => {
  const plain = viewOf({}, {});
  const membership = membershipOf();
  const live = { leader: asNodeId('node-02'), term: 7, up: 4, total: 4, membership, states: new Map() };

  it('shows what is known', () => {
    expect(promptText('demo', live, plain)).toBe('demo node-02* t7 4/4> ');
    expect(promptText('demo', { ...live, leader: null, up: 2 }, plain)).toBe('demo no leader 2/4> ');
  });
});
