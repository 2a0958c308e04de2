import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type Loss, OutputLoss } from '../../src/cli/output-loss.js';

function newLoss() {
  const [stdout, stderr] = [new EventEmitter(), new EventEmitter()];
  const loss = new OutputLoss(stdout as NodeJS.WriteStream, stderr as NodeJS.WriteStream);
  const heard: Loss['type'][] = [];
  loss.onLoss(({ type }) => heard.push(type));
  const fails = (stream: EventEmitter, code: string) => stream.emit('error', Object.assign(new Error(code), { code }));
  return { loss, heard, stdout, stderr, fails };
}

describe('output that is lost', () => {
  it('for want of a reader changes no verdict, nor that something was interrupted', () => {
    const { loss, heard, stdout, fails } = newLoss();
    expect([0, 1, 130].map((code) => loss.exitCode(code))).toEqual([0, 1, 130]);
    fails(stdout, 'EPIPE');
    fails(stdout, 'EPIPE');
    expect(heard).toEqual(['unread']);
    expect(loss.failure).toBeUndefined();
    expect([0, 1, 5, 130].map((code) => loss.exitCode(code))).toEqual([0, 1, 5, 130]);
  });

  it('because it cannot be written is a failure of what went well otherwise', () => {
    const { loss, heard, stdout, fails } = newLoss();
    fails(stdout, 'ENOSPC');
    fails(stdout, 'EPIPE');
    expect([heard, loss.failure]).toEqual([['failed'], 'ENOSPC']);
    expect([0, 1, 5, 130].map((code) => loss.exitCode(code))).toEqual([1, 1, 5, 130]);
  });

  it('counts messages only where nobody reads them', () => {
    const { loss, heard, stderr, fails } = newLoss();
    fails(stderr, 'ENOSPC');
    expect([heard, loss.exitCode(0)]).toEqual([[], 0]);
    fails(stderr, 'EPIPE');
    expect(heard).toEqual(['unread']);
  });

  it('is told to whoever comes too late, and to nobody who has left', () => {
    const { loss, stdout, fails } = newLoss();
    const heard: string[] = [];
    loss.onLoss(() => heard.push('left'))();
    fails(stdout, 'EPIPE');
    loss.onLoss(() => heard.push('late'));
    expect(heard).toEqual(['late']);
  });
});
