// The signature of a node: a hash of its class type, the behaviour of the release, its fingerprint,
// values and the signatures of its sources. It is the key of the cache. After ComfyUI's
// comfy_execution/caching.py (CacheKeySetInputSignature).
import { createHash } from 'node:crypto';
import { dumpsJson } from '../../formats/dumps-json.ts';
import { isPyFloat, type Json } from '../../formats/json.ts';
import type { NodeContext } from '../../nodes/context.ts';
import { inputOf, type NodeDeclaration } from '../../nodes/declare.ts';
import { isOutputLink } from '../../nodes/graph-builder.ts';
import type { Inputs, InputValues } from '../../nodes/input-types.ts';
import type { Behaviour } from '../../nodes/versions/behaviour-changes.ts';
import { declaredLinks, toRunValue } from '../../workflow/input-spec.ts';
import type { DynamicNode } from '../execute/dynamic-prompt.ts';

export interface Signatures {
  /** Computes the signatures of a node and of all that it depends on; returns the node's. */
  sign(id: string): Promise<string>;
  /** The signature of a node that was signed. */
  of(id: string): string;
  readonly all: ReadonlyMap<string, string>;
  /**
   * The signature of a signed node for results that outlive the process. It leaves out the
   * fingerprint (the files it depends on are compared directly, see file-dependencies.ts).
   * Undefined where equal inputs need not give equal results.
   */
  persistentOf(id: string): string | undefined;
}

interface SignedNode {
  readonly node: DynamicNode;
  readonly declaration: NodeDeclaration;
}

/**
 * `findNode` returns undefined for a node that does not exist. Results of releases that behave
 * alike are shared.
 */
export function createSignatures(
  findNode: (id: string) => SignedNode | undefined,
  contextOf: (id: string) => NodeContext,
  behaviour: Behaviour,
): Signatures {
  const release = Object.values(behaviour).map(String).join();
  const all = new Map<string, string>();
  const persistent = new Map<string, string | undefined>();
  const computeParts = async (id: string, { node, declaration }: SignedNode): Promise<Parts> => {
    const parts = createParts(id, node, declaration, release);
    for (const name of Object.keys(node.inputs).sort()) {
      const input = inputOf(declaration, name);
      if (!input) continue;
      const value = node.inputs[name];
      if (isOutputLink(value)) {
        const [source, slot] = value;
        // a missing node, or a circle among expanded nodes: the execution itself reports either
        addLink(parts, name, slot, all.get(source) ?? uniqueText(), persistent.get(source));
      } else {
        parts.constants[name] = toRunValue(value, input);
        addConstant(parts, name, value);
      }
    }
    if (declaration.fingerprint) {
      const value = await fingerprintOf(declaration, parts.constants, contextOf(id));
      if (value === undefined) parts.isPersistent = false;
      parts.signed.push(value ?? uniqueText());
    }
    return parts;
  };

  const signNode = async (id: string, found: SignedNode): Promise<void> => {
    const parts = await computeParts(id, found);
    all.set(id, hashOf(parts.signed));
    persistent.set(id, parts.isPersistent ? hashOf(parts.persistent) : undefined);
  };
  /** Signs the sources of a node before the node, however many there are in a row. */
  const sign = async (first: string): Promise<string> => {
    const entered = new Set<string>();
    const stack = [first];
    for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
      const found = all.has(id) ? undefined : findNode(id);
      if (!found || entered.has(id)) {
        stack.pop();
        if (found) await signNode(id, found);
        continue;
      }
      entered.add(id);
      // reversed, so that they are signed in the order of their inputs
      for (const source of sourcesOf(found).reverse()) if (!entered.has(source)) stack.push(source);
    }
    return all.get(first) ?? uniqueText();
  };

  return { sign, of: (id) => all.get(id)!, all, persistentOf: (id) => persistent.get(id) };
}

/** The nodes that the declared inputs of a node are linked to, by input name. */
const sourcesOf = ({ node, declaration }: SignedNode): string[] =>
  declaredLinks(declaration, node.inputs)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, [source]]) => source);

/** What is hashed for one node. */
interface Parts {
  readonly signed: Json[];
  readonly persistent: Json[];
  /** Whether equal inputs give equal results in another process too. */
  isPersistent: boolean;
  /** The values of the inputs that are not linked. */
  readonly constants: Record<string, unknown>;
}

function createParts(
  id: string,
  { classType }: DynamicNode,
  declaration: NodeDeclaration,
  release: string,
): Parts {
  const readsItsId = Object.values(declaration.hidden ?? {}).includes('UNIQUE_ID');
  const code = declaration.origin?.code;
  const first = [
    classType,
    release,
    ...(code === undefined ? [] : [code]),
    ...(declaration.notIdempotent || readsItsId ? [id] : []),
  ];
  return {
    signed: [...first],
    persistent: [...first],
    isPersistent: declaration.notIdempotent !== true,
    constants: {},
  };
}

function addLink(
  parts: Parts,
  name: string,
  slot: number,
  signature: string,
  persistentSignature: string | undefined,
): void {
  parts.signed.push(name, [signature, slot]);
  parts.persistent.push(name, [persistentSignature ?? '', slot]);
  if (persistentSignature === undefined) parts.isPersistent = false;
}

function addConstant(parts: Parts, name: string, value: unknown): void {
  const json = jsonOf(value);
  parts.signed.push(name, { value: json ?? identityOf(value as object) });
  parts.persistent.push(name, { value: json ?? '' });
  if (json === undefined) parts.isPersistent = false;
}

const hashOf = (parts: Json[]): string =>
  createHash('sha256').update(dumpsJson(parts)).digest('hex');

let uniqueCount = 0;
const uniqueText = (): string => `unique ${++uniqueCount}`;

/** The fingerprint as text; undefined when it equals no other (NaN, or it can't be computed). */
async function fingerprintOf(
  declaration: NodeDeclaration,
  constants: Record<string, unknown>,
  context: NodeContext,
): Promise<string | undefined> {
  try {
    const value = await declaration.fingerprint!(constants as InputValues<Inputs>, context);
    return Number.isNaN(value) ? undefined : String(value);
  } catch {
    // running the node will report what is wrong; until then it counts as changed
    return undefined;
  }
}

const MAX_DEPTH = 8;

/** A value as JSON; undefined when it holds more than JSON can (tensors, models). */
function jsonOf(value: unknown, depth = 0): Json | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object')
    return typeof value === 'function' || typeof value === 'symbol' ? undefined : (value as Json);
  if (isPyFloat(value)) return value;
  if (depth > MAX_DEPTH || ArrayBuffer.isView(value)) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => jsonOf(item, depth + 1));
    return items.includes(undefined) ? undefined : (items as Json[]);
  }
  if (
    Object.getPrototypeOf(value) !== Object.prototype ||
    Object.getOwnPropertySymbols(value).length > 0
  )
    return undefined;
  const entries = Object.entries(value).map(
    ([key, item]) => [key, jsonOf(item, depth + 1)] as const,
  );
  return entries.some(([, item]) => item === undefined)
    ? undefined
    : (Object.fromEntries(entries) as Json);
}

// values are never modified after they are made: the same object is the same value
const identities = new WeakMap<object, string>();

function identityOf(value: object): string {
  if (!identities.has(value)) identities.set(value, uniqueText());
  return identities.get(value)!;
}
