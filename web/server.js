// @ts-check
// The server's interface, as far as the page needs it: ComfyUI's own routes, and /darkroom/… to read workflows.
import { parse, print } from './json.js';

const BASE = new URL('..', import.meta.url);
const RECONNECT_MS = 1500;

/** Who this tab is: the same after a reload, so that its running job is still its own. */
export const clientId = (() => {
  const known = sessionStorage.getItem('darkroom-client');
  if (known) return known;
  const made = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  sessionStorage.setItem('darkroom-client', made);
  return made;
})();

/** @param {string} path */
export const address = (path) => new URL(path, BASE).href;

/** @typedef {{filename: string, subfolder: string, type: string}} Picture */

/** Where a picture is; `small` for the contact sheet. @param {Picture} picture @param {boolean} [small] */
export const pictureAddress = ({ filename, subfolder, type }, small = false) =>
  address(
    `view?${new URLSearchParams({ filename, subfolder, type, ...(small ? { preview: 'webp;85' } : {}) })}`,
  );

/** A refusal: what is wrong, and what to do. */
export class Refused extends Error {
  /** @param {string} message @param {readonly string[]} [details] */
  constructor(message, details = []) {
    super(message);
    this.details = details;
  }
}

/** @param {string} path @param {RequestInit} [init] */
async function ask(path, init) {
  let response;
  try {
    response = await fetch(address(path), init);
  } catch {
    throw new Refused('The server does not answer.', ['Is Darkroom still running?']);
  }
  const text = await response.text();
  const body = text.startsWith('{') || text.startsWith('[') ? parse(text) : undefined;
  if (response.ok) return body;
  const { error, node_errors = {} } = body ?? {};
  const nodes = Object.values(node_errors).flatMap((/** @type {any} */ node) =>
    node.errors.map((/** @type {any} */ e) => [e.message, e.details].filter(Boolean).join(': ')),
  );
  throw new Refused(
    error?.message ?? `The server answers ${response.status}.`,
    nodes.length > 0 ? nodes : [error?.hint || error?.details || ''].filter(Boolean),
  );
}

/** @param {string} path @param {unknown} body */
const post = (path, body) =>
  ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: print(body) });

/** @param {BodyInit} content @param {string} name */
export const read = (content, name) =>
  ask(`darkroom/read?${new URLSearchParams({ name })}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: content,
  });
/** @param {unknown} prompt */
export const readPrompt = (prompt) => read(print(prompt), 'the workflow');
export const examples = () => ask('darkroom/examples');
/** @param {string} name */
export const example = (name) => ask(`darkroom/examples/${encodeURIComponent(name)}`);
/** @param {unknown} prompt @param {unknown} extra */
export const run = (prompt, extra) =>
  post('prompt', { prompt, client_id: clientId, extra_data: { extra_pnginfo: extra } });
export const queue = () => ask('queue');
/** @param {number} count */
export const history = (count) => ask(`history?max_items=${count}`);
/** @param {string} id */
export const forget = (id) => post('history', { delete: [id] });
/** Takes a waiting job out, or stops it when it runs. @param {string} id */
export const cancel = async (id) => {
  await post('queue', { delete: [id] });
  await post('interrupt', { prompt_id: id });
};
/** Puts a picture into the input folder; gives its name there. @param {File} file @returns {Promise<string>} */
export const upload = async (file) => {
  const form = new FormData();
  form.append('image', file);
  const { name, subfolder } = await ask('upload/image', { method: 'POST', body: form });
  return subfolder ? `${subfolder}/${name}` : name;
};

/**
 * Listens for as long as the page is open; connects again when the server comes back.
 * @param {{message: (type: string, data: any) => void, preview: (picture: Blob) => void, state: (open: boolean) => void}} hear
 */
export function listen(hear) {
  const url = new URL(`ws?clientId=${clientId}`, BASE);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => {
    socket.send(
      JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } }),
    );
    hear.state(true);
  };
  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') {
      const { type, data: content } = parse(data);
      hear.message(type, content);
      return;
    }
    const view = new DataView(data);
    const kind = view.getUint32(0);
    if (kind === 4) hear.preview(new Blob([data.slice(8 + view.getUint32(4))]));
    else if (kind === 1) hear.preview(new Blob([data.slice(8)]));
  };
  socket.onclose = () => {
    hear.state(false);
    setTimeout(() => listen(hear), RECONNECT_MS);
  };
}
