// A difference between the node declarations of two releases of ComfyUI.
import type { Inputs } from '../input-types.ts';
import type { ComfyUIVersion, Release } from './comfyui-versions.ts';

/** What a release changed about a declaration. */
export type ChangedPart =
  /** It added the node. */
  | { readonly kind: 'node' }
  /** It added this output, the last one. */
  | { readonly kind: 'output'; readonly output: string }
  /** It added this input. Prompts from before lack it, and take its default. */
  | { readonly kind: 'input'; readonly input: string }
  /**
   * It added these options. With `builtIn: false` Darkroom can't run them, and they are not listed.
   */
  | {
      readonly kind: 'options';
      readonly input: string;
      readonly options: readonly string[];
      readonly builtIn?: false;
    }
  /** It changed the range of a number; the declaration has the wider one. */
  | {
      readonly kind: 'range';
      readonly input: string;
      readonly was: Range;
      readonly now: Range;
    }
  /** It changed how the editor shows an input. */
  | {
      readonly kind: 'widget';
      readonly input: string;
      readonly now: Readonly<Record<string, unknown>>;
    };

export interface Range {
  readonly min: number;
  readonly max: number;
}

export interface DeclarationChange {
  /** The class type; without it, every node with the input. */
  readonly node?: string;
  /** The first release with the change. */
  readonly since: Release;
  readonly what: ChangedPart;
}

/** What releases after the named one changed about a declaration. */
export interface LaterChanges {
  readonly version: ComfyUIVersion;
  readonly changes: readonly DeclarationChange[];
  /** The inputs with those of later releases. */
  readonly inputs: Inputs;
}

/** How a release shows a node; what is left out is unchanged. */
export interface Presentation {
  readonly display?: string;
  readonly category?: string;
  readonly deprecated?: true;
  readonly experimental?: true;
  /** The inputs that the editor shows only on request. */
  readonly advanced?: readonly string[];
}
