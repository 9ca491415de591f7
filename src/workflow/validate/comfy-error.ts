// The error object of POST /prompt.
import type { JsonObject } from '../../formats/json.ts';

/** ComfyUI's own error object, letter for letter. */
export interface ComfyError {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: JsonObject;
}
