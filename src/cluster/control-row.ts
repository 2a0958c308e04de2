import type { Parser } from '../wire/parse.js';
import type { ClusterConfig } from './config/config.js';

/** What a console sends, and how it waits for the answer. */
export interface Asked<Args = unknown> {
  readonly args: Args;
  /** How long the supervisor itself may take. Default 0; Infinity: as long as it likes. */
  readonly workMs?: number | undefined;
  /** Aborted: the supervisor is told. */
  readonly cancel?: AbortSignal | undefined;
  /** What comes before the result. */
  readonly onNews?: ((document: unknown) => void) | undefined;
}

/** One call, as the supervisor sees it. */
export interface ServedCall {
  /** Aborted when the console cancels the call, or is gone. */
  readonly signal: AbortSignal;
  /** Sends a document ahead of the result. */
  news(document: unknown): void;
}

/** A method that answers once. */
type Method = (...parameters: never[]) => Promise<unknown>;
type Result<M extends Method> = Awaited<ReturnType<M>>;

/** How one method crosses the socket, both ways. `Args` is what travels. */
interface MethodSpec<M extends Method, Args> {
  readonly args: Parser<Args>;
  readonly result: Parser<Result<M>>;
  /** In the console. The configuration holds the bounds that the supervisor works by. */
  ask(config: ClusterConfig, ...parameters: Parameters<M>): Asked<Args>;
  /** In the supervisor: what the method is called with. */
  parameters(args: Args, call: ServedCall): Parameters<M>;
  /** Answered when nothing else is left to do, and not cancelled because the console hangs up. */
  readonly answeredLast?: boolean;
}

/** The same, with what travels known to the row alone. */
export interface MethodRow<M extends Method> {
  readonly result: Parser<Result<M>>;
  readonly answeredLast: boolean;
  ask(config: ClusterConfig, ...parameters: Parameters<M>): Asked;
  /** Throws `bad-request` for arguments that are none. */
  parameters(args: unknown, call: ServedCall): Parameters<M>;
}

/** One row for every method of an interface. */
export type MethodTable<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends Method ? MethodRow<Methods[Name]> : never;
};

export const method = <M extends Method, Args>({
  args,
  result,
  ask,
  parameters,
  answeredLast = false,
}: MethodSpec<M, Args>): MethodRow<M> => ({
  result,
  answeredLast,
  ask,
  parameters: (value, call) => parameters(args(value, 'args'), call),
});

/** A method that tells, until it is ended by what it answered. */
type Stream = (...parameters: never[]) => () => void;
/** Its last parameter is who is told; the others travel. */
type Told<S extends Stream> = Parameters<S> extends [...unknown[], (item: infer Item) => void] ? Item : never;
type Travels<S extends Stream> = Parameters<S> extends [...infer Head, unknown] ? Head : never;

interface StreamSpec<S extends Stream, Args> {
  readonly args: Parser<Args>;
  /** One document of the stream. */
  readonly item: Parser<Told<S>>;
  ask(...parameters: Travels<S>): Args;
  parameters(args: Args): Travels<S>;
  /** What is told at once may be too much for one frame. */
  documents(item: Told<S>): readonly unknown[];
}

export interface StreamRow<S extends Stream> {
  readonly item: Parser<Told<S>>;
  ask(...parameters: Travels<S>): unknown;
  parameters(args: unknown): Travels<S>;
  documents(item: Told<S>): readonly unknown[];
}

export type StreamTable<Streams> = {
  readonly [Name in keyof Streams]: Streams[Name] extends Stream ? StreamRow<Streams[Name]> : never;
};

export const stream = <S extends Stream, Args>({ args, parameters, ...rest }: StreamSpec<S, Args>): StreamRow<S> => ({
  ...rest,
  parameters: (value) => parameters(args(value, 'args')),
});

type AnyRow = MethodRow<Method>;

/** A row of whichever stream. */
interface AnyStreamRow {
  readonly item: Parser<unknown>;
  ask(...parameters: never[]): unknown;
  parameters(args: unknown): readonly unknown[];
  documents(item: never): readonly unknown[];
}

type Functions = Readonly<Record<string, (...parameters: unknown[]) => unknown>>;

/** Each row with the method of its name. That they fit each other is what the type of the table says. */
export function methodRows<Methods extends object>(table: MethodTable<Methods>, methods: Methods) {
  const functions = methods as Functions;
  return Object.entries<AnyRow>(table as Readonly<Record<string, AnyRow>>).map(([name, row]) => ({
    name,
    row,
    carryOut: (...parameters: readonly unknown[]) => functions[name]!(...parameters),
  }));
}

/** The same for streams. */
export function streamRows<Streams extends object>(table: StreamTable<Streams>, streams: Streams) {
  const functions = streams as Functions;
  return Object.entries<AnyStreamRow>(table as Readonly<Record<string, AnyStreamRow>>).map(([name, row]) => ({
    name,
    row,
    open: (parameters: readonly unknown[], onItem: (item: never) => void) =>
      functions[name]!(...parameters, onItem) as () => void,
  }));
}

export type CallRow = (name: string, row: AnyRow, parameters: readonly never[]) => Promise<unknown>;

/** The interface, for whoever has only the table: every method is what `call` makes of its row. */
export const methodsOver = <Methods extends object>(table: MethodTable<Methods>, call: CallRow): Methods =>
  Object.fromEntries(
    Object.entries<AnyRow>(table as Readonly<Record<string, AnyRow>>).map(([name, row]) => [
      name,
      (...parameters: never[]) => call(name, row, parameters),
    ]),
  ) as Methods;

/** The same for streams: the last parameter is who is told. */
export const streamsOver = <Streams extends object>(
  table: StreamTable<Streams>,
  open: (name: string, row: AnyStreamRow, parameters: readonly never[], onItem: (item: never) => void) => () => void,
): Streams =>
  Object.fromEntries(
    Object.entries<AnyStreamRow>(table as Readonly<Record<string, AnyStreamRow>>).map(([name, row]) => [
      name,
      (...parameters: never[]) => open(name, row, parameters.slice(0, -1), parameters.at(-1)!),
    ]),
  ) as Streams;
