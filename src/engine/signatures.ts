// What goes into a node, as a hash: the key of the cache. Class type, fingerprint, values, and the signatures of its sources.
// After ComfyUI's comfy_execution/caching.py (CacheKeySetInputSignature).
import { createHash } from 'node:crypto';
import { dumpsJson, isPyFloat, type Json } from '../formats/json.ts';
import type { NodeContext } from '../nodes/context.ts';
import { type Inputs, type InputValues, inputOf, type NodeDeclaration } from '../nodes/declare.ts';
import { isOutputLink } from '../nodes/subgraph.ts';
import { runValue } from '../workflow/spec.ts';
import type { DynamicNode } from './dynamic.ts';

export interface Signatures {
  /** The signature of a node that was signed. */
  of(id: string): string;
  /** Signs a node and all that it depends on. */
  sign(id: string): Promise<string>;
  readonly all: ReadonlyMap<string, string>;
}

export function createSignatures(
  nodeOf: (id: string) => { readonly node: DynamicNode; readonly declaration: NodeDeclaration } | undefined,
  contextOf: (id: string) => NodeContext,
): Signatures {
  const all = new Map<string, string>();
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
    if (declaration.notIdempotent || Object.values(declaration.hidden ?? {}).includes('UNIQUE_ID')) parts.push(id);
    const constants: Record<string, unknown> = {};
    for (const name of Object.keys(node.inputs).sort()) {
      const input = inputOf(declaration, name);
      if (!input) continue;
      const value = node.inputs[name];
      if (isOutputLink(value)) parts.push(name, [await sign(value[0]), value[1]]);
      else {
        constants[name] = runValue(value, input);
        parts.push(name, { value: plain(value) ?? identity(value as object) });
      }
    }
    if (declaration.fingerprint) parts.push(await fingerprint(declaration, constants, contextOf(id)));
    const signature = createHash('sha256').update(dumpsJson(parts)).digest('hex');
    onPath.delete(id);
    all.set(id, signature);
    return signature;
  };
  return { of: (id) => all.get(id)!, sign, all };
}

let count = 0;
const unique = (): string => `unique ${++count}`;

async function fingerprint(declaration: NodeDeclaration, constants: Record<string, unknown>, context: NodeContext): Promise<string> {
  try {
    const value = await declaration.fingerprint!(constants as InputValues<Inputs>, context);
    return Number.isNaN(value) ? unique() : String(value);
  } catch {
    // the node itself will say what is wrong; until then it counts as changed
    return unique();
  }
}

const MAX_DEPTH = 8;

/** A value as JSON; undefined when there is more in it (tensors, models). */
function plain(value: unknown, depth = 0): Json | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object') return typeof value === 'function' || typeof value === 'symbol' ? undefined : (value as Json);
  if (isPyFloat(value)) return value;
  if (depth > MAX_DEPTH || ArrayBuffer.isView(value)) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => plain(item, depth + 1));
    return items.includes(undefined) ? undefined : (items as Json[]);
  }
  if (Object.getPrototypeOf(value) !== Object.prototype || Object.getOwnPropertySymbols(value).length > 0) return undefined;
  const entries = Object.entries(value).map(([key, item]) => [key, plain(item, depth + 1)] as const);
  return entries.some(([, item]) => item === undefined) ? undefined : (Object.fromEntries(entries) as Json);
}

// values don't change once they are made: the same object is the same value
const identities = new WeakMap<object, string>();

function identity(value: object): string {
  if (!identities.has(value)) identities.set(value, unique());
  return identities.get(value)!;
}
