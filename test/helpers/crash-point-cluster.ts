import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { asNodeId, type NodeId, type Sighting } from '../../src/base/index.js';
import { connectControl, type NodeView, type RemoteControl } from '../../src/cluster/index.js';
import { readSecret } from '../../src/cluster/secret.js';
import { readSupervisorFile } from '../../src/cluster/supervisor-file.js';
import type { EventFilter, MergedEvent } from '../../src/diagnostics/index.js';
import { readSightings, realFileSystem } from '../../src/storage/index.js';
import { CRASH_POINTS_VARIABLE, type Crash, CrashBook, type CrashPoint } from './crash-point.js';
import { Workplace } from './product.js';

const ROOT = resolve(import.meta.dirname, '../..');
const NODE_PROGRAM = fileURLToPath(new URL('./crash-point-node.ts', import.meta.url));
const PATIENCE_MS = 20_000;

/** The product as `dist` and `bin` have it, but for its node processes. Give the directory back with `remove`. */
export function buildCrashPointProgram(): { readonly directory: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'raftctl-crash-points-'));
  const outdir = join(directory, 'dist');
  execFileSync(process.execPath, ['build.mjs', '--outdir', outdir, '--node', NODE_PROGRAM], { cwd: ROOT });
  cpSync(join(ROOT, 'bin'), join(directory, 'bin'), { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

interface StartOptions {
  /** Where `buildCrashPointProgram` put it. */
  readonly program: string;
  readonly restart: 'on-failure' | 'never';
  /** 4 unless told otherwise. */
  readonly nodes?: number;
  /** Such as `1MiB`. */
  readonly keepLog?: string;
}

/** How a node died at a crash point, as it wrote down and as its supervisor saw it. */
export interface Death<Facts = unknown> extends Crash<Facts> {
  readonly node: NodeId;
  /** Of the supervisor's event: what came later has a higher position. */
  readonly position: number;
}

/** A cluster of four real processes that die where they are told to, seen through its supervisor. */
export class CrashPointCluster {
  readonly control: RemoteControl;
  /** With which it was started. */
  readonly nodes: readonly NodeId[];
  readonly #place: Workplace;

  static async start({ program, restart, nodes = 4, keepLog }: StartOptions): Promise<CrashPointCluster> {
    const place = await Workplace.create();
    mkdirSync(booksOf(place));
    const settings = [`nodes: ${nodes}`, `supervisor: { restart: ${restart} }`];
    if (keepLog !== undefined) settings.push(`storage: { keepLog: ${keepLog} }`);
    writeFileSync(join(place.directory, 'cluster.yaml'), `${settings.join('\n')}\n`);
    const up = place.start(['up', '--port-offset', String(place.portOffset)], {
      program: join(program, 'bin/raftctl.js'),
      env: { [CRASH_POINTS_VARIABLE]: booksOf(place) },
    });
    await up.prints(/leader/);
    const control = await connectControl(readSupervisorFile(join(place.data, 'demo/supervisor.json'))!.socket);
    return new CrashPointCluster(place, control, nodes);
  }

  private constructor(place: Workplace, control: RemoteControl, nodes: number) {
    this.#place = place;
    this.nodes = Array.from({ length: nodes }, (_, nth) => asNodeId(`node-0${nth + 1}`));
    this.control = control;
  }

  port(node: NodeId): number {
    return this.#place.port(Number(/\d+$/.exec(node)![0]));
  }

  /** What its members prove to each other. */
  secret(): Buffer {
    return readSecret(join(this.#place.data, 'demo/secret'));
  }

  /** What a node says of its latest start. */
  async startOf(node: NodeId): Promise<Sighting> {
    const { members } = await readSightings(realFileSystem, join(this.#place.data, 'demo', node));
    return members.get(node)!;
  }

  endpoint(node: NodeId): string {
    return `127.0.0.1:${this.port(node)}`;
  }

  /** The node that leads; waits for one. */
  async leader(): Promise<NodeId> {
    for (;;) {
      const { leader } = this.control.live();
      if (leader !== null) return leader;
      await new Promise<void>((changed) => {
        const stop = this.control.onLiveChange(() => {
          stop();
          changed();
        });
      });
    }
  }

  others(...nodes: readonly NodeId[]): NodeId[] {
    return this.nodes.filter((node) => !nodes.includes(node));
  }

  async view(node: NodeId): Promise<NodeView> {
    const { nodes } = await this.control.view();
    return nodes.find(({ id }) => id === node)!;
  }

  mark(): Promise<number> {
    return this.control.events.last();
  }

  /** The first such event behind a position: one that was, or the next. */
  event(filter: EventFilter, after: number): Promise<MergedEvent> {
    return this.control.events.waitFor(filter, after, { timeoutMs: PATIENCE_MS });
  }

  count(filter: EventFilter, after: number): Promise<number> {
    return this.control.events.count(filter, after);
  }

  /** Each point in turn is for the process after the one that died of the point before. */
  arm(node: NodeId, nth: number, ...points: readonly CrashPoint[]): void {
    this.#book(node).arm(points.map((point, i) => ({ point, nth: i === 0 ? nth : 1 })));
  }

  /** Waits until the supervisor has seen the node die, behind a position, and of nothing but a crash point. */
  async death<Facts>(node: NodeId, after: number): Promise<Death<Facts>> {
    const { position, fields } = await this.event({ event: 'process-exited', nodes: [node] }, after);
    expect(fields).toMatchObject({ node, signal: 'SIGKILL', expected: false });
    const crash = this.#book(node)
      .crashes()
      .find(({ pid }) => pid === fields['pid']);
    if (crash === undefined) throw new Error(`${node} died of something else`);
    return { ...(crash as Crash<Facts>), node, position };
  }

  /** Waits until the process after the one that died answers. */
  async back({ node, position }: Death): Promise<void> {
    await this.event({ event: 'process-ready', nodes: [node] }, position);
  }

  #book(node: NodeId): CrashBook {
    return new CrashBook(booksOf(this.#place), node);
  }
}

const booksOf = (place: Workplace): string => join(place.directory, 'crash-points');
