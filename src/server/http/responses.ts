// Responses that routes return. JSON is printed as in Python, so that large integers and `8.0` stay
// exact.
import { Readable } from 'node:stream';
import { dumpsJson } from '../../formats/dumps-json.ts';
import type { Json } from '../../formats/json.ts';

export interface RouteResponse {
  readonly status: number;
  readonly body?: string | Uint8Array | Readable;
  /** Content-Type. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** `T` is the type of the body, from api-types.ts if the route has one. */
export const json = <T>(value: T, status = 200): RouteResponse => ({
  status,
  body: dumpsJson(value),
  type: JSON_TYPE,
});

/** A field of a JSON object: its name, and its value as JSON text. */
export type JsonField = readonly [name: string, text: string];

/** The text of a JSON object. */
export const objectText = (fields: readonly JsonField[]): string =>
  `{${fields.map(([name, text]) => `${dumpsJson(name)}: ${text}`).join(', ')}}`;

/** A response whose JSON is text already. */
export const jsonText = (body: string, status = 200): RouteResponse => ({
  status,
  body,
  type: JSON_TYPE,
});

/** A response whose JSON is text that is read part by part, as fast as the client receives it. */
export const jsonParts = (parts: AsyncIterable<string>): RouteResponse => ({
  status: 200,
  body: Readable.from(parts),
  type: JSON_TYPE,
});

/** The texts with a separator between them. */
export async function* joined(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let isFirst = true;
  for await (const item of texts) {
    yield isFirst ? item : `, ${item}`;
    isFirst = false;
  }
}

export const text = (body: string, status = 200): RouteResponse => ({
  status,
  body,
  type: 'text/plain; charset=utf-8',
});

/** A response without a body, as most of ComfyUI's failures. */
export const empty = (status = 200): RouteResponse => ({ status });

/** Thrown to end a route with a response. */
export class Refusal extends Error {
  readonly response: RouteResponse;
  constructor(response: RouteResponse) {
    super(`refused with status ${response.status}`);
    this.response = response;
  }
}

/** Ends a route with a response. */
export const refuse = (response: RouteResponse): never => {
  throw new Refusal(response);
};

/** ComfyUI's error body for a prompt as a whole: `{error, node_errors}`. */
export const errorBody = (type: string, message: string, details: string): Json => ({
  error: { type, message, details, extra_info: {} },
  node_errors: {},
});

/** The response of aiohttp when a handler fails. */
export const INTERNAL_ERROR: RouteResponse = text(
  '500 Internal Server Error\n\nServer got itself in trouble',
  500,
);
