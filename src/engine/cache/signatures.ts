// What goes into a node, as a hash: the key of the cache. Class type, fingerprint, values, and the signatures of its sources.
// After ComfyUI's comfy_execution/caching.py (CacheKeySetInputSignature).
import { createHash } from 'node:crypto';
import { dumpsJson, isPyFloat, type Json } from '../../formats/json.ts';
import type { NodeContext } from '../../nodes/context.ts';
import {
  type Inputs,
  type InputValues,
  inputOf,
  type NodeDeclaration,
} from '../../nodes/declare.ts';
import { isOutputLink } from '../../nodes/graph-builder.ts';
import { runValue } from '../../workflow/input-spec.ts';
import type { DynamicNode } from '../execute/dynamic-prompt.ts';

export interface Signatures {
  /** The signature of a node that was signed. */
  of(id: string): string;
  /** Signs a node and all that it depends on. */
  sign(id: string): Promise<string>;
  readonly all: ReadonlyMap<string, string>;
  /**
   * The same for results that outlive the process: of a node that was signed, without its fingerprint (the files behind that are looked at
   * again, see files-asked.ts). Undefined where equal inputs need not give equal results.
   */
  lasting(id: string): string | undefined;
}

export function createSignatures(
  nodeOf: (
    id: string,
  ) => { readonly node: DynamicNode; readonly declaration: NodeDeclaration } | undefined,
  contextOf: (id: string) => NodeContext,
): Signatures {
  const all = new Map<string, string>();
  const lasting = new Map<string, string | undefined>();
  const onPath = new Set<string>();
  const sign = async (id: string): Promise<string> => {
    const known = all.get(id);
    if (known) return known;
    const found = nodeOf(id);
    // a node that isn't there, or a circle among expanded nodes: the execution itself will meet it
    if (!found || onPath.has(id)) return unique();
    onPath.add(id);
    const { node, declaration } = found;
    const parts: Json[] = [node.classType];
    if (declaration.notIdempotent || Object.values(declaration.hidden ?? {}).includes('UNIQUE_ID'))
      parts.push(id);
    let lasts = declaration.notIdempotent !== true;
    const lastingParts: Json[] = [...parts];
    const constants: Record<string, unknown> = {};
    for (const name of Object.keys(node.inputs).sort()) {
      const input = inputOf(declaration, name);
      if (!input) continue;
      const value = node.inputs[name];
      if (isOutputLink(value)) {
        parts.push(name, [await sign(value[0]), value[1]]);
        const source = lasting.get(value[0]);
        lasts &&= source !== undefined;
        lastingParts.push(name, [source ?? '', value[1]]);
      } else {
        constants[name] = runValue(value, input);
        const known = plain(value);
        lasts &&= known !== undefined;
        parts.push(name, { value: known ?? identity(value as object) });
        lastingParts.push(name, { value: known ?? '' });
      }
    }
    if (declaration.fingerprint) {
      const found = await fingerprint(declaration, constants, contextOf(id));
      lasts &&= found !== undefined;
      parts.push(found ?? unique());
    }
    const signature = hashOf(parts);
    onPath.delete(id);
    all.set(id, signature);
    lasting.set(id, lasts ? hashOf(lastingParts) : undefined);
    return signature;
  };
  return { of: (id) => all.get(id)!, sign, all, lasting: (id) => lasting.get(id) };
}

const hashOf = (parts: Json[]): string =>
  createHash('sha256').update(dumpsJson(parts)).digest('hex');

let count = 0;
const unique = (): string => `unique ${++count}`;

/** Undefined for one that is always another. */
async function fingerprint(
  declaration: NodeDeclaration,
  constants: Record<string, unknown>,
  context: NodeContext,
): Promise<string | undefined> {
  try {
    const value = await declaration.fingerprint!(constants as InputValues<Inputs>, context);
    return Number.isNaN(value) ? undefined : String(value);
  } catch {
    // the node itself will say what is wrong; until then it counts as changed
    return undefined;
  }
}

const MAX_DEPTH = 8;

/** A value as JSON; undefined when there is more in it (tensors, models). */
function plain(value: unknown, depth = 0): Json | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object')
    return typeof value === 'function' || typeof value === 'symbol' ? undefined : (value as Json);
  if (isPyFloat(value)) return value;
  if (depth > MAX_DEPTH || ArrayBuffer.isView(value)) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => plain(item, depth + 1));
    return items.includes(undefined) ? undefined : (items as Json[]);
  }
  if (
    Object.getPrototypeOf(value) !== Object.prototype ||
    Object.getOwnPropertySymbols(value).length > 0
  )
    return undefined;
  const entries = Object.entries(value).map(
    ([key, item]) => [key, plain(item, depth + 1)] as const,
  );
  return entries.some(([, item]) => item === undefined)
    ? undefined
    : (Object.fromEntries(entries) as Json);
}

// values don't change once they are made: the same object is the same value
const identities = new WeakMap<object, string>();

function identity(value: object): string {
  if (!identities.has(value)) identities.set(value, unique());
  return identities.get(value)!;
}
