import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

/**
 * Runs a program, a CommonJS bundle, with the code that V8 made of it when it was built: four nodes that start at once
 * on two cores have little to do but to compile. The code lies beside the program, under a name that says for which Node
 * it is: another one finds none, and compiles. V8 itself refuses code that was made under other flags.
 *
 * The names of program and code have a hash of the program's content: no code meets another build's program.
 */
export function launch(file: string): unknown {
  return run(file, new Script(sourceOf(file), { filename: file, cachedData: readIfThere(codeFile(file)) }));
}

/** Runs the program and answers how to keep the code of all that it has called by then. The build uses it. */
export function launchForCode(file: string): () => void {
  const script = new Script(sourceOf(file), { filename: file });
  run(file, script);
  return () => {
    const [code, made] = [script.createCachedData(), codeFile(file)];
    // Of several processes, the one that called the most counts.
    if (code.length <= (readIfThere(made)?.length ?? 0)) return;
    // Whole or not at all.
    const whole = `${made}.${process.pid}`;
    writeFileSync(whole, code);
    renameSync(whole, made);
  };
}

/** As Node wraps a CommonJS module, so that the program knows where it is. The bundler writes nothing but ASCII. */
const sourceOf = (file: string): string =>
  `(function (require, module, exports, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`;

const codeFile = (file: string): string =>
  file.replace(/\.cjs$/, `-${process.version}-${process.platform}-${process.arch}.code`);

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function run(file: string, script: Script): unknown {
  const module = { exports: {} };
  const wrapped = script.runInThisContext() as (...parts: readonly unknown[]) => void;
  wrapped(createRequire(file), module, module.exports, file, dirname(file));
  return module.exports;
}
