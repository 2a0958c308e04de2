import { isErrorCode, RaftctlError } from '../base/index.js';
import type { BenchResult } from '../console/bench/options.js';
import { saveInput, TemporaryDirectory, writeReport } from '../console/files/index.js';
import type { LoadMessage } from '../console/load/request.js';
import type { Programs } from '../console/programs/index.js';
import type { CheckSource, Surface } from '../console/surface.js';
import type { Verdict } from '../verify/checker/index.js';
import type { LoadResult } from '../verify/load/index.js';
import type { WorkerJob } from './worker-job.js';

interface WorkersParts {
  readonly programs: Programs;
  readonly command: readonly string[];
  readonly input: AsyncIterable<unknown>;
}

/** The worker speaks no TLS, and Node reads every certificate of this file when it starts. */
export const WITHOUT_CERTIFICATES = { NODE_EXTRA_CA_CERTS: undefined };
/** What a load that was told to end may take. */
const LOAD_ENDS_MS = 8_000;

/** What a surface offers that runs in a worker process. */
export type Workers = Required<Pick<Surface, 'runBench' | 'runLoad' | 'runCheck'>>;

export function workersOf({ programs, command, input }: WorkersParts): Workers {
  /** Runs a job to its end; `hear` gets its lines. Rejects with its failure. */
  const work = async (
    job: WorkerJob,
    what: string,
    hear: (message: unknown) => void,
    signal: AbortSignal,
    terminateMs?: number,
  ): Promise<void> => {
    let failure: RaftctlError | null = null;
    const onLine = (line: string) => {
      const message: unknown = JSON.parse(line);
      failure ??= failureIn(message);
      hear(message);
    };
    const {
      exit,
      signal: endedBy,
      stderr,
    } = await programs.run([...command, JSON.stringify(job)], WITHOUT_CERTIFICATES, signal, {
      onLine,
      ...(terminateMs !== undefined && { terminateMs }),
    });
    if (failure !== null) throw failure;
    if (exit === 0) return;
    const ending = endedBy === null ? `exit code ${exit}` : `its process was ended by ${endedBy}`;
    throw new RaftctlError('command-failed', `the ${what} failed: ${stderr.trim() || ending}`);
  };
  return {
    async runBench(options, signal) {
      let result: BenchResult | undefined;
      const hear = (message: unknown) => {
        result = message as BenchResult;
      };
      await unlessInterrupted('benchmark', signal, () => work({ type: 'bench', options }, 'benchmark', hear, signal));
      return result!;
    },
    async runLoad(request, hear, signal) {
      let result: LoadResult | undefined;
      const take = (message: unknown) => {
        const told = message as LoadMessage;
        if (told.type === 'result') result = told.result;
        else hear(told);
      };
      try {
        await work(request, 'load', take, signal, LOAD_ENDS_MS);
      } catch (thrown) {
        // It was ended before it could begin.
        if (result === undefined && signal.aborted) throw new RaftctlError('interrupted', 'the load was interrupted');
        if (result === undefined) throw thrown;
      }
      return result!;
    },
    async runCheck({ source, name, key, timeoutMs }, signal) {
      const temporary = new TemporaryDirectory();
      try {
        const file = await fileOf(source, temporary, input);
        let verdict: Verdict | undefined;
        const hear = (message: unknown) => {
          verdict = message as Verdict;
        };
        const job = { type: 'check', file, name, timeoutMs, ...(key !== undefined && { key }) } as const;
        await unlessInterrupted('check', signal, () => work(job, 'check', hear, signal));
        return verdict!;
      } finally {
        temporary.remove();
      }
    },
  };
}

async function unlessInterrupted(what: string, signal: AbortSignal, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (thrown) {
    if (signal.aborted) throw new RaftctlError('interrupted', `the ${what} was interrupted`);
    throw thrown;
  }
}

async function fileOf(
  source: CheckSource,
  temporary: TemporaryDirectory,
  input: AsyncIterable<unknown>,
): Promise<string> {
  if (source.type === 'file') return source.file;
  const file = source.type === 'lines' && source.save !== undefined ? source.save : `${temporary.path}/history.jsonl`;
  if (source.type === 'input') await saveInput(input, file);
  else writeReport(file, `${source.lines.join('\n')}\n`);
  return file;
}

function failureIn(message: unknown): RaftctlError | null {
  if (typeof message !== 'object' || message === null || !('error' in message)) return null;
  const { code, message: text, hint } = message.error as { code: string; message: string; hint?: string };
  return new RaftctlError(isErrorCode(code) ? code : 'internal', text, { ...(hint !== undefined && { hint }) });
}
