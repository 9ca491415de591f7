// A pack: nodes that are published together, and why some of its types cannot be run.
import type { NodeDeclaration } from './declare.ts';

/** Types of a pack that are not built in, for one common reason. */
export interface RefusedTypes {
  readonly types: readonly string[];
  /** Ends the sentence "node type X … can't be run: ". */
  readonly reason: string;
  /** What to use instead, if there is an alternative. */
  readonly hint?: string;
}

/** The class types of a text that lists them, separated by white space. */
export const typesIn = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Old input name to new input name. */
export type RenamedInputs = Readonly<Record<string, string>>;

export interface RenamedType {
  /** The current class type. */
  readonly type: string;
  /** Inputs that were renamed together with the type. */
  readonly inputs?: RenamedInputs;
}

export interface Aliases {
  /** By old class type. A node that is declared under the old name takes precedence. */
  readonly types?: Readonly<Record<string, RenamedType>>;
  /** By class type: renamed inputs of nodes whose type is unchanged. */
  readonly inputs?: Readonly<Record<string, RenamedInputs>>;
}

/** What a pack declares: nodes that are published together. */
export interface PackDefinition {
  /** The name that messages and reports use. */
  readonly title: string;
  /**
   * The version of the pack API that it was written for (`1.0`). It is compatible with later minor
   * versions. Packs that are built in have none.
   */
  readonly api?: string;
  /** By default that of its package.json. */
  readonly version?: string;
  readonly nodes: readonly NodeDeclaration[];
}

/**
 * Defines a pack, the default export of its main file.
 *
 * @example
 * export default definePack({ title: 'Film looks', api: '1.0', nodes: [Grain] });
 */
export const definePack = <const P extends PackDefinition>(pack: P): P => pack;

/** A pack that is built in: one of ComfyUI's, with what it has besides the nodes that run. */
export interface Pack extends PackDefinition {
  /** The Python module that ComfyUI's /object_info names for the nodes of the pack. */
  readonly module: string;
  readonly refused?: readonly RefusedTypes[];
  readonly aliases?: Aliases;
  /** Types that are neither built in nor refused, so that a message can name their pack. */
  readonly otherTypes?: readonly string[];
  /** Matches the names of further types of the pack. */
  readonly typePattern?: RegExp;
}
