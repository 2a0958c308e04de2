import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asSystemFault, diskRemedy, systemReason } from '../../src/base/index.js';

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (thrown) {
    return thrown;
  }
}

describe('what the system refuses', () => {
  it('is said in words, with its name', () => {
    expect(systemReason(thrownBy(() => readFileSync('/no/such')))).toBe('there is no such file or directory (ENOENT)');
    expect(systemReason(thrownBy(() => readFileSync('/')))).toBe('it is a directory (EISDIR)');
    const tooLarge = Object.assign(new Error('EFBIG: file too large, write'), { code: 'EFBIG' });
    expect(systemReason(tooLarge)).toBe('a file may not grow so large (ulimit -f, or the file system) (EFBIG)');
    expect(diskRemedy(tooLarge)).toMatch(/^raise the bound of a file \(ulimit -f\)/);
    expect(systemReason(new Error('something else'))).toBe('something else');
  });

  it('is the machine’s fault where it is about a file, and may be a bug of ours where it is not', () => {
    expect(asSystemFault(thrownBy(() => readFileSync('/no/such')))).toMatchObject({
      code: 'disk-failed',
      message: '/no/such: there is no such file or directory (ENOENT), at open',
    });
    const gone = Object.assign(new Error('ENOENT: uv_cwd'), { code: 'ENOENT', syscall: 'uv_cwd' });
    expect(asSystemFault(gone)?.message).toBe('the current directory is not there any more');
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', syscall: 'connect' });
    for (const other of [new Error('x'), new TypeError('y'), refused, 'text', null])
      expect(asSystemFault(other)).toBeUndefined();
  });
});
