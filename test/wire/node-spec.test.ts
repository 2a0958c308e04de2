import { describe, expect, it } from 'vitest';
import { asNodeId } from '../../src/base/index.js';
import type { NodeFaults } from '../../src/wire/node-faults.js';
import { type NodeSpec, parseNodeSpec, serializeNodeSpec } from '../../src/wire/node-spec.js';

const SPEC: NodeSpec = {
  cluster: 'demo',
  clusterId: 'c0ffee',
  id: asNodeId('node-01'),
  incarnation: 2,
  members: [
    { id: asNodeId('node-01'), incarnation: 2, host: '127.0.0.1', port: 3331 },
    { id: asNodeId('node-02'), incarnation: 1, host: '127.0.0.1', port: 3332 },
  ],
  directory: '/somewhere/node-01',
  mayCreate: false,
  heartbeatMs: 50,
  electionTimeoutMs: [400, 800],
  maxValueBytes: 1 << 20,
  keepLogBytes: 64 << 20,
  logLevel: 'info',
};

describe('a node specification', () => {
  it('reads back as it was written', () => {
    expect(parseNodeSpec(serializeNodeSpec(SPEC))).toEqual(SPEC);
    const faults: NodeFaults = {
      links: [{ peer: asNodeId('node-02'), direction: 'in', type: 'cut' }],
      disk: { type: 'full' },
    };
    expect(parseNodeSpec(serializeNodeSpec({ ...SPEC, faults })).faults).toEqual(faults);
  });

  it.each([
    ['no JSON', '', 'the node specification (RAFTCTL_NODE) is not JSON'],
    ['no object', '[]', 'malformed node specification: expected an object, got a list of 0'],
    ['a level that there is not', { logLevel: 'loud' }, 'specification.logLevel: expected error or warn'],
    [
      'a port in words',
      { members: [{ id: 'node-01', incarnation: 1, host: 'h', port: 'x' }] },
      'members[0].port: expected a whole',
    ],
    ['half an election timeout', { electionTimeoutMs: [400] }, 'electionTimeoutMs[1]: expected a whole number'],
    ['an unsaid right to begin anew', { mayCreate: 'yes' }, 'mayCreate: expected true or false, got "yes"'],
    [
      'a fault that there is not',
      { faults: { links: [], disk: { type: 'wet' } } },
      'faults.disk.type: expected slow or',
    ],
    ['a node that is no member', { id: 'node-09' }, 'node-09 is not among its members (node-01, node-02)'],
  ])('is refused with %s', (_, damage, message) => {
    const document = typeof damage === 'string' ? damage : JSON.stringify({ ...SPEC, ...damage });
    expect(() => parseNodeSpec(document)).toThrow(message);
  });
});
