// A route is a value: method, path, parameters, body, responses and handler. Registration, 405, the
// OpenAPI document and the fuzz tests are derived from the same tables.
import type { Readable } from 'node:stream';
import { DarkroomError } from '../../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../formats/json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import { empty, errorBody, INTERNAL_ERROR, json, type RouteResponse, refuse } from './responses.ts';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** A JSON schema, as OpenAPI uses it. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Route {
  readonly method: Method;
  /** `/history/{prompt_id}`; `{name+}` at the end matches the rest of the path. */
  readonly path: string;
  readonly summary: string;
  /** Set for routes that are not under `/api` too. */
  readonly only?: 'root';
  /** Query parameters by name. */
  readonly query?: Readonly<Record<string, Schema>>;
  /**
   * Schema of a JSON body, or the kind of another body: `raw` is read into memory like JSON,
   * `stream` is not read in advance.
   */
  readonly body?: Schema | 'multipart' | 'raw' | 'stream';
  /** Whether a JSON body may be as large as the server allows, because a thread reads it. */
  readonly largeBody?: true;
  /** What each status means; with a schema if the body is JSON. */
  readonly responses: Readonly<
    Record<number, string | { readonly description: string; readonly schema: Schema }>
  >;
  /** Whether it reads or writes folders; those that do not answer are noted before. */
  readonly usesFolders?: boolean;
  handle(request: RouteRequest): RouteResponse | Promise<RouteResponse>;
}

export interface UploadedFile {
  readonly filename: string;
  /** A temporary file, which may be moved; it is removed after the request. */
  readonly path: string;
}

/** A multipart form. Of parts with the same name, the first one counts. */
export interface Form {
  readonly files: ReadonlyMap<string, UploadedFile>;
  readonly fields: ReadonlyMap<string, string>;
}

/** A request as it is passed to a route. */
export interface RouteRequest {
  /** Parameters of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The first value of a query parameter. */
  query(name: string): string | undefined;
  header(name: string): string | undefined;
  /** The body, if it is JSON or `raw`; empty without one. */
  readonly bytes: Uint8Array;
  /** Releases the memory of `bytes`, for routes that respond much later. */
  releaseBody(): void;
  /** The body as it arrives. */
  stream(): Readable;
  /** The body as a form, whose files are written to the input folder for the time being. */
  form(): Promise<Form>;
  /** Aborted when the client disconnects, or when the server closes. */
  readonly signal: AbortSignal;
}

/** Of the reason why a body is not JSON, which may quote it. */
const MAX_REASON = 500;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The body as JSON; responds with 400 when it is not JSON. Throws DR_JSON_TOO_LARGE. */
export function jsonBody(request: Pick<RouteRequest, 'bytes'>): Json {
  try {
    return parseJson(decoder.decode(request.bytes), { file: 'the body' });
  } catch (error) {
    if (error instanceof DarkroomError && error.code === 'DR_JSON_TOO_LARGE') throw error;
    const reason = error instanceof Error ? error.message : '';
    return refuse(
      json(errorBody('invalid_json', 'the body is not JSON', reason.slice(0, MAX_REASON)), 400),
    );
  }
}

/** The body as a JSON object; responds with 400 to other JSON. */
export function objectBody(request: Pick<RouteRequest, 'bytes'>): JsonObject {
  const body = jsonBody(request);
  return isJsonObject(body) ? body : refuse(empty(400));
}

/**
 * An integer of the query, as Python's int() reads it; responds with 500 to others, as ComfyUI
 * does.
 */
export function integerQuery(request: RouteRequest, name: string): number | undefined {
  const text = request.query(name);
  if (text === undefined) return undefined;
  const value = /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : refuse(INTERNAL_ERROR);
}

/** Whether a query parameter is `true`, in any case. */
export const isTrueQuery = (request: RouteRequest, name: string): boolean =>
  request.query(name)?.toLowerCase() === 'true';

/** Ids are indexed, and an entry of PostgreSQL's indexes has 2704 bytes at most. */
export const MAX_ID_BYTES = 1024;

/** Whether a text can be an id: databases do not store null characters. */
export const isId = (text: string): boolean =>
  text !== '' && !text.includes('\0') && Buffer.byteLength(text) <= MAX_ID_BYTES;

/** The ids of a JSON list; other items are ignored. */
export const idsOf = (value: Json | undefined): string[] =>
  Array.isArray(value)
    ? value.filter((item): item is string => typeof item === 'string' && isId(item))
    : [];
