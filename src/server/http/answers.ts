// What a route gives back, before it is a response. JSON is printed as Python prints it, so big integers survive.
import type { Readable } from 'node:stream';
import { dumpsJson, type Json } from '../../formats/json.ts';

export interface Answer {
  readonly status: number;
  readonly body?: string | Uint8Array | Readable;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const JSON_TYPE = 'application/json; charset=utf-8';

export const json = (value: unknown, status = 200): Answer => ({
  status,
  body: dumpsJson(value),
  type: JSON_TYPE,
});

/** JSON that is text already. */
export const jsonText = (body: string, status = 200): Answer => ({ status, body, type: JSON_TYPE });

export const text = (body: string, status = 200): Answer => ({
  status,
  body,
  type: 'text/plain; charset=utf-8',
});

/** Most of ComfyUI's failures: a status and nothing else. */
export const empty = (status = 200): Answer => ({ status });

/** An answer that ends a route from within. */
export class Refusal extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super(`refused with ${answer.status}`);
    this.answer = answer;
  }
}

export const refuse = (answer: Answer): never => {
  throw new Refusal(answer);
};

/** `{error, node_errors}` for something that is wrong with the whole. */
export const errorBody = (type: string, message: string, details: string): Json => ({
  error: { type, message, details, extra_info: {} },
  node_errors: {},
});

/** What aiohttp says when a handler fails. */
export const FAILED: Answer = text(
  '500 Internal Server Error\n\nServer got itself in trouble',
  500,
);
