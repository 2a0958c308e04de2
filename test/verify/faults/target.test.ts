import { describe, expect, it } from 'vitest';
import { asNodeId } from '../../../src/base/index.js';
import { bringBack, type Fault, type FaultTarget, mend, strike, textOf } from '../../../src/verify/faults/index.js';

const [one, two] = [asNodeId('node-01'), asNodeId('node-02')];

/** Writes down what is done to it. */
class Recorded implements FaultTarget {
  readonly done: string[] = [];
  kill = async (node: string) => void this.done.push(`kill ${node}`);
  start = async (node: string) => void this.done.push(`start ${node}`);
  pause = async (node: string) => void this.done.push(`pause ${node}`);
  resume = async (node: string) => void this.done.push(`resume ${node}`);
  restart = async (node: string) => void this.done.push(`restart ${node}`);
  impair = async (fault: Fault) => void this.done.push(textOf(fault));
  heal = async () => void this.done.push('heal');
  transfer = async (to: string | null) => void this.done.push(`transfer ${to}`);
  changeMembers = async ({ type }: { readonly type: string }) => void this.done.push(type);
}

const done = async (fault: Fault, others: readonly Fault[] = []): Promise<readonly string[]> => {
  const target = new Recorded();
  await strike(target, fault);
  target.done.push('then');
  await mend(target, fault, others);
  await bringBack(target, fault);
  return target.done;
};

describe('a fault that is done and mended', () => {
  it('kills and starts, pauses and resumes, all that it names', async () => {
    expect(await done({ type: 'kill', nodes: [one, two] })).toEqual([
      'kill node-01',
      'kill node-02',
      'then',
      'start node-01',
      'start node-02',
    ]);
    expect(await done({ type: 'pause', nodes: [two] })).toEqual(['pause node-02', 'then', 'resume node-02']);
  });

  it('is over by itself where it does not last', async () => {
    expect(await done({ type: 'restart', node: one })).toEqual(['restart node-01', 'then']);
    expect(await done({ type: 'transfer', to: null })).toEqual(['transfer null', 'then']);
    expect(await done({ type: 'membership', change: { type: 'add' } })).toEqual(['add', 'then']);
  });

  it('of a link leaves those in force that others meant', async () => {
    const slow: Fault = { type: 'slow', node: two, delayMs: 5, jitterMs: 0 };
    const killed: Fault = { type: 'kill', nodes: [two] };
    expect(await done({ type: 'cut', from: one, to: two }, [killed, slow])).toEqual([
      'cut node-01->node-02',
      'then',
      'heal',
      'slow node-02 5ms --jitter 0ms',
    ]);
  });

  it('of a disk brings back the node that could not write', async () => {
    expect(await done({ type: 'disk', node: one, disk: { type: 'failing' } })).toEqual([
      'disk node-01 failing',
      'then',
      'heal',
      'start node-01',
    ]);
  });
});
