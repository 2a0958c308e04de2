import { viewOf } from '../console/output/index.js';
import type { Printer } from '../console/results.js';
import type { Host } from './host.js';

/** Results to standard output, messages to standard error, each in the colours its own stream allows. */
export function streamPrinter(host: Host, noColour: boolean): Printer {
  const { stdout, stderr, environment } = host;
  return {
    view: viewOf(stdout, environment, noColour),
    errView: viewOf(stderr, environment, noColour),
    out: (text) => stdout.write(typeof text === 'string' ? `${text}\n` : Buffer.concat([text, Buffer.from('\n')])),
    err: (text) => stderr.write(`${text}\n`),
  };
}
