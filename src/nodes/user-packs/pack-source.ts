// What is known of a pack before its code runs; plain data, which is passed to other processes.

export interface PackSource {
  /** The absolute path of its main file. */
  readonly entry: string;
  /** The folder of its files. */
  readonly folder: string;
  /** The name of the package or of the folder. */
  readonly name: string;
  /** That of its package.json. */
  readonly version?: string;
}

/** A pack that is not loaded, or a node of one: one sentence. */
export interface PackProblem {
  readonly pack: string;
  readonly message: string;
}
