// What a parser declares to be fuzzed: how it is run, and what its inputs look like.
export interface FuzzTarget {
  /** Runs the parser on an input. Errors other than those of `expected` are findings. */
  run(input: Buffer): unknown;
  /** Is called once, before the first run. */
  prepare?(): Promise<unknown>;
  /** Inputs to begin with. */
  seeds(): readonly (Buffer | string)[] | Promise<readonly (Buffer | string)[]>;
  /** Words of the format that mutations insert. */
  readonly dictionary?: readonly string[];
  /** Whether an error is the parser's own; DarkroomErrors always are. */
  expected?(error: unknown): boolean;
  /** The processor time that an input may take, for code that must take longer: 1 s otherwise. */
  readonly maxSeconds?: number;
  /** The longest input that is made by mutation; 4096 bytes unless given. */
  readonly maxBytes?: number;
}
