import { createWriteStream, linkSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { createTarPacker } from 'modern-tar';
import { RaftctlError, systemCode, systemReason } from '../../base/index.js';

export interface ArchivedFile {
  readonly name: string;
  readonly text: string;
}

export interface ArchiveOptions {
  /** Where to. What is there already is not touched. */
  readonly file: string;
  /** The directory that everything in it lies in. */
  readonly root: string;
  /** Milliseconds since the epoch: when its files were made. */
  readonly wall: number;
  /** Tells this archive from others that are written at the same time. */
  readonly unique: string;
}

/**
 * Writes a .tar.gz, for the user's eyes only: all of it, or nothing. It is written beside its place under another name,
 * and gets its own once it is durable. Answers the size of each file in it. Throws `command-failed`.
 */
export async function writeArchive(
  files: AsyncIterable<ArchivedFile>,
  { file, root, wall, unique }: ArchiveOptions,
): Promise<readonly { readonly name: string; readonly bytes: number }[]> {
  if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) throw isThere(file);
  const unfinished = `${file}.${unique}.tmp`;
  const remove = () => rmSync(unfinished, { force: true });
  // Who interrupts twice ends the program before anything is tidied up.
  process.once('exit', remove);
  const target = createWriteStream(unfinished, { flags: 'wx', mode: 0o600, flush: true });
  const closed = new Promise<void>((resolve) => target.once('close', resolve));
  try {
    const { readable, controller } = createTarPacker();
    const written = pipeline(
      Readable.fromWeb(readable as Parameters<typeof Readable.fromWeb>[0]),
      createGzip(),
      target,
    );
    const sizes: { readonly name: string; readonly bytes: number }[] = [];
    const pack = async () => {
      for await (const { name, text } of files) {
        const bytes = Buffer.from(text);
        const header = { name: `${root}/${name}`, size: bytes.length, mode: 0o600, mtime: new Date(wall) };
        const writer = controller.add(header).getWriter();
        if (bytes.length > 0) await writer.write(bytes);
        await writer.close();
        sizes.push({ name, bytes: bytes.length });
      }
      controller.finalize();
    };
    const packed = pack().catch(async (thrown) => {
      controller.error(thrown);
      await written;
      throw thrown;
    });
    // Whichever fails first says why; the other one fails of it.
    await Promise.all([written, packed]);
    giveName(unfinished, file);
    return sizes;
  } catch (thrown) {
    // It may only now be about to make the file.
    await closed;
    remove();
    if (thrown instanceof RaftctlError) throw thrown;
    throw new RaftctlError('command-failed', `${file} cannot be written: ${systemReason(thrown)}`, { cause: thrown });
  } finally {
    process.off('exit', remove);
  }
}

/** Not a rename: that would replace what somebody put there meanwhile. */
function giveName(unfinished: string, file: string): void {
  try {
    linkSync(unfinished, file);
    rmSync(unfinished);
  } catch (thrown) {
    if (systemCode(thrown) === 'EEXIST') throw isThere(file);
    // A file system without links.
    renameSync(unfinished, file);
  }
}

const isThere = (file: string): RaftctlError =>
  new RaftctlError('command-failed', `${file}: there is such a file already`, { hint: 'name another one' });
