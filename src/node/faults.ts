import { type DiskFault, FaultyDisk, type Scheduler } from '../base/index.js';
import type { EventRecorder } from '../diagnostics/index.js';
import { type Backend, openOnFaultyDisk } from '../kv/index.js';
import { FaultyFileSystem, type FileSystem } from '../storage/index.js';
import type { Transport } from '../transport/index.js';
import { type LinkFault, NO_FAULTS, type NodeFaults } from '../wire/index.js';

interface Suffering {
  readonly transport: Transport;
  readonly recorder: EventRecorder;
  readonly scheduler: Scheduler;
}

/** Where a node's data is: its files, and the states that are opened in its directories. */
interface Disk {
  readonly fileSystem: FileSystem;
  readonly backend: (directory: string) => Backend;
}

/** What this node was told to suffer: by its links, in the transport, and by its disk, under log and state. */
export class Faults {
  readonly #world: Suffering;
  readonly #disk: FaultyDisk;
  #inForce: NodeFaults = NO_FAULTS;

  constructor(world: Suffering) {
    this.#world = world;
    this.#disk = new FaultyDisk(world.scheduler);
  }

  get inForce(): NodeFaults {
    return this.#inForce;
  }

  /** Files and states as that disk has them. */
  onDisk({ fileSystem, backend }: Disk): Disk {
    return {
      fileSystem: new FaultyFileSystem(fileSystem, this.#disk),
      backend: openOnFaultyDisk(this.#disk, backend),
    };
  }

  /** What the process was started with; nothing, most of the time. */
  begin(faults: NodeFaults = NO_FAULTS): void {
    if (faults.links.length > 0 || faults.disk !== null) this.set(faults);
  }

  /** In force when it returns, instead of what was. */
  set(faults: NodeFaults): void {
    const { transport, recorder } = this.#world;
    this.#inForce = faults;
    transport.setFaults(faults.links);
    this.#disk.set(faults.disk);
    const links = faults.links.map(linkInWords).join(', ') || 'none';
    recorder.emitFor('node').emit('info', 'faults-set', { links, disk: diskInWords(faults.disk) });
  }
}

function linkInWords(fault: LinkFault): string {
  const way = `${fault.peer} ${fault.direction} ${fault.type}`;
  if (fault.type === 'slow') return `${way} ${fault.delayMs} ± ${fault.jitterMs} ms`;
  return fault.type === 'flaky' ? `${way} ${fault.lossRate}` : way;
}

function diskInWords(fault: DiskFault | null): string {
  if (fault === null) return 'none';
  return fault.type === 'slow' ? `slow ${fault.delayMs} ms` : fault.type;
}
