// A route is a value: method, path, what it takes and answers, what it does. Registration, 405, the OpenAPI document and the fuzz tests
// come from the same tables.
import { isJsonObject, type Json, type JsonObject, parseJson } from '../../formats/json.ts';
import { type Answer, empty, FAILED, refuse } from './answers.ts';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** A JSON schema, as far as OpenAPI knows it. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Route {
  readonly method: Method;
  /** `/history/{prompt_id}`; a last `{name+}` takes the rest of the path. */
  readonly path: string;
  readonly summary: string;
  /** Under `/` and `/api` unless told. */
  readonly only?: 'root';
  /** Query parameters by name. */
  readonly query?: Readonly<Record<string, Schema>>;
  /** Schema of a JSON body, or the media type of another one. */
  readonly body?: Schema | 'multipart' | 'raw';
  /** What the statuses mean; a schema where JSON is answered. */
  readonly answers: Readonly<
    Record<number, string | { readonly description: string; readonly schema: Schema }>
  >;
  handle(call: Call): Answer | Promise<Answer>;
}

export interface UploadedFile {
  readonly filename: string;
  readonly bytes: Uint8Array;
}

/** A multipart form. The first of equal names counts. */
export interface Form {
  readonly files: ReadonlyMap<string, UploadedFile>;
  readonly fields: ReadonlyMap<string, string>;
}

/** A request, as routes see it. */
export interface Call {
  /** Of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The first value of a query parameter. */
  query(name: string): string | undefined;
  header(name: string): string | undefined;
  /** The bytes of the body; empty without one. */
  readonly bytes: Uint8Array;
  form(): Promise<Form>;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** The body as JSON; 500 when it is none, as in ComfyUI. */
export function jsonBody(call: Call): Json {
  try {
    return parseJson(decoder.decode(call.bytes));
  } catch {
    return refuse(FAILED);
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The body as a JSON object; 400 for other JSON. */
export function objectBody(call: Call): JsonObject {
  const body = jsonBody(call);
  return isJsonObject(body) ? body : refuse(empty(400));
}

/** An integer in the query, as Python's int() reads it; 500 when it is none, as in ComfyUI. */
export function integerQuery(call: Call, name: string): number | undefined {
  const given = call.query(name);
  if (given === undefined) return undefined;
  const value = /^\s*[+-]?\d+\s*$/.test(given) ? Number(given) : Number.NaN;
  return Number.isSafeInteger(value) ? value : refuse(FAILED);
}

/** Whether a text can be an id: databases take no null characters. */
export const isId = (text: string): boolean => text !== '' && !text.includes('\0');

/** The ids of a JSON list; what can't be one is left out. */
export const idsOf = (value: Json | undefined): string[] =>
  Array.isArray(value)
    ? value.filter((item): item is string => typeof item === 'string' && isId(item))
    : [];
