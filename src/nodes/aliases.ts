// Node types that were renamed: files that say the old name mean the new node. Where a pack declares the old name itself, that counts.
import type { NodeDeclaration } from './declare.ts';

export interface Alias {
  /** Today's class type. */
  readonly type: string;
  /** Inputs that were renamed as well, old name to new. */
  readonly inputs?: Readonly<Record<string, string>>;
}

export const ALIASES: ReadonlyMap<string, Alias> = new Map<string, Alias>([
  // ComfyUI itself, as its editor patches files
  [
    'T2IAdapterLoader',
    { type: 'ControlNetLoader', inputs: { t2i_adapter_name: 'control_net_name' } },
  ],
  ['SDV_img2vid_Conditioning', { type: 'SVD_img2vid_Conditioning' }],
]);

/** Inputs that were renamed while their node kept its type, old name to new. */
const INPUTS: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  // Impact Pack before 2.15
  ['IterativeLatentUpscale', { step: 'steps' }],
  ['IterativeImageUpscale', { step: 'steps' }],
]);

/** The declaration of a type or of what it is called today, with the new names of its inputs. */
export function declarationOf(
  type: string,
  nodes: ReadonlyMap<string, NodeDeclaration>,
):
  | { readonly declaration: NodeDeclaration; readonly inputs: Readonly<Record<string, string>> }
  | undefined {
  const own = nodes.get(type);
  if (own) return { declaration: own, inputs: INPUTS.get(type) ?? {} };
  const alias = ALIASES.get(type);
  const declaration = alias && nodes.get(alias.type);
  return declaration && { declaration, inputs: alias.inputs ?? {} };
}
