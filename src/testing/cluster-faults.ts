import { RaftctlError } from '../base/index.js';
import { checkOptions, checkSwitch, describe } from '../client/checks.js';
import type { ClusterControl, ClusterFault, FaultsChanged } from '../cluster/index.js';
import type { Access } from './access.js';
import { all, one } from './nodes.js';
import type { ClientsOption, ClusterFaults, DiskFault, Group } from './types.js';

/** What each kind of fault at a disk takes. */
const DISK: Readonly<Record<DiskFault['type'], readonly string[]>> = {
  slow: ['type', 'delayMs'],
  full: ['type'],
  failing: ['type'],
};

export function clusterFaults(access: Access): ClusterFaults {
  const begin = (faultOf: (control: ClusterControl) => ClusterFault): Promise<FaultsChanged> =>
    access.ask((control) => control.fault(faultOf(control)));
  return {
    get faults() {
      return access.control.live().faults;
    },
    partition: (...given: readonly (Group | ClientsOption)[]) =>
      begin((control) => {
        const groups = given.filter(isGroup);
        const [options = {}] = given.slice(groups.length) as ClientsOption[];
        return {
          type: 'partition',
          groups: groups.map((group) => all('partition', group, control)),
          ...clientsOf('partition', options),
        };
      }),
    isolate: (node, options = {}) =>
      begin((control) => ({ type: 'isolate', node: one('isolate', node, control), ...clientsOf('isolate', options) })),
    cut: (from, to) =>
      begin((control) => ({ type: 'cut', from: one('cut', from, control), to: one('cut', to, control) })),
    slow: (node, options) =>
      begin((control) => {
        checkOptions('slow', options, ['delayMs', 'jitterMs']);
        const { delayMs, jitterMs = 0 } = options;
        checkNumber('slow: delayMs', delayMs);
        checkNumber('slow: jitterMs', jitterMs);
        return { type: 'slow', node: one('slow', node, control), delayMs, jitterMs };
      }),
    flaky: (node, options) =>
      begin((control) => {
        checkOptions('flaky', options, ['lossRate']);
        checkNumber('flaky: lossRate', options.lossRate);
        return { type: 'flaky', node: one('flaky', node, control), lossRate: options.lossRate };
      }),
    disk: (node, fault) =>
      begin((control) => ({ type: 'disk', node: one('disk', node, control), fault: checkedDisk(fault) })),
    heal: (nodes) =>
      access.ask((control) => control.heal(nodes === undefined ? undefined : all('heal', nodes, control))),
  };
}

/** Options are an object; a group is a word, a number or a list. */
const isGroup = (given: Group | ClientsOption): given is Group =>
  typeof given !== 'object' || given === null || Array.isArray(given);

function clientsOf(call: string, options: ClientsOption): ClientsOption {
  checkOptions(call, options, ['clients']);
  return { clients: checkSwitch(`${call}: clients`, options.clients ?? false) };
}

function checkedDisk(fault: DiskFault): DiskFault {
  const type = (fault as DiskFault | null | undefined)?.type;
  if (type === undefined || !Object.hasOwn(DISK, type)) {
    const expected = "{ type: 'slow', delayMs }, { type: 'full' } or { type: 'failing' }";
    throw new RaftctlError('usage', `disk: expected ${expected}, got ${describe(type ?? fault)}`);
  }
  checkOptions('disk', fault, DISK[type]);
  if (fault.type === 'slow') checkNumber('disk: delayMs', fault.delayMs);
  return fault;
}

function checkNumber(subject: string, value: unknown): void {
  if (typeof value === 'number' && Number.isFinite(value)) return;
  throw new RaftctlError('usage', `${subject}: expected a number, got ${describe(value)}`);
}
