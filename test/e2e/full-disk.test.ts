import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/product.js';

const BIN = resolve(import.meta.dirname, '../../bin/raftctl.js');

/** A file system of its own, seen by one process and its children only. Not everybody may make one. */
const inNamespace = (script: string, ...parameters: string[]) =>
  spawnSync('sh', ['-c', 'exec unshare --mount sh -c "$@"', 'sh', script, 'sh', ...parameters], {
    encoding: 'utf8',
    timeout: 60_000,
  });

const mayMount = inNamespace('mount -t tmpfs tmpfs /mnt').status === 0;

/** Mounts a disk of so many KiB, starts the node on it, and again once there is more room, until it is stopped. */
const SCRIPT = `
  disk=$1; size=$2; node=$3; bin=$4; file=$5; secret=$6
  mount -t tmpfs -o size="$size"k tmpfs "$disk"
  if [ "$size" = 64 ]; then head -c 64k /dev/zero > "$disk/other"; fi
  run() { exec "$node" "$bin" node -f "$file" --id n1 --secret-file "$secret" --bootstrap; }
  (run) > "$disk.first" 2>&1; echo "first $?"
  (cd "$disk" && find . -name '*lock*' -o -name room) | sed 's/^/left /'
  mount -o remount,size=16m "$disk"
  mkfifo "$disk.lines"
  (run) > "$disk.lines" 2>&1 &
  pid=$!
  while read -r line; do case "$line" in *leader*) kill -TERM $pid; break;; esac; done < "$disk.lines"
  wait $pid; echo "second $?"
`;

describe.skipIf(!mayMount)('a disk that is full when a node starts', { timeout: 60_000 }, () => {
  // The lock, where others took all there was; the first segment of the log; what LMDB writes while it makes its environment.
  it.each([64, 8, 2_048, 4_100, 4_108, 4_128, 4_148, 4_160])(
    'of %i KiB: the disk has failed, and more room mends it',
    async (size) => {
      const place = await Workplace.create();
      const disk = join(place.directory, 'disk');
      const [file, secret] = [`${disk}.yaml`, `${disk}.secret`];
      mkdirSync(disk);
      writeFileSync(file, `cluster: full\nnodes:\n  - { id: n1, port: ${place.port(1)} }\nstorage: { dir: ${disk} }\n`);
      writeFileSync(secret, '0'.repeat(64));
      const { stdout, stderr } = inNamespace(SCRIPT, disk, String(size), process.execPath, BIN, file, secret);
      expect(readFileSync(`${disk}.first`, 'utf8')).toMatch(
        /error disk-failed: .*ENOSPC.*; free space on the disk, then start the node again\n$/,
      );
      expect(stderr).toBe('');
      expect(stdout).toBe('first 11\nsecond 0\n');
    },
  );
});
