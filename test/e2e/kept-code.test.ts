import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { V8_OF_A_NODE } from '../../src/cluster/node-options.js';

const DIST = resolve(import.meta.dirname, '../../dist');

/** Launches the program as it is shipped, and prints whether V8 refused the code beside it. */
const launchIn = (program: string) => `
  const { Script } = require('node:vm');
  Script.prototype.runInThisContext = function () {
    console.log(this.cachedDataRejected);
    return () => {};
  };
  require(${JSON.stringify(resolve(DIST, program))});`;

describe('the code that the build kept', () => {
  for (const [program, flags] of [
    ['cli.cjs', []],
    ['node.cjs', V8_OF_A_NODE],
    ['supervisor.cjs', []],
  ] as const) {
    it(`is accepted where ${program} is started as the product starts it`, () => {
      const printed = execFileSync(process.execPath, [...flags, '-e', launchIn(program)], { encoding: 'utf8' });
      expect(printed).toBe('false\n');
    });
  }

  it('is there for one build of each program, and no other is left behind', () => {
    const names = readdirSync(DIST).map((name) => name.replace(/-\w{8}/, ''));
    const code = `-${process.version}-${process.platform}-${process.arch}.code`;
    expect(names.filter((name) => name.endsWith('.code')).sort()).toEqual([
      `cli${code}`,
      `node${code}`,
      `supervisor${code}`,
    ]);
  });
});
