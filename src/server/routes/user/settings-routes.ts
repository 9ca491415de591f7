// /settings: a JSON object per user (app/app_settings.py).
import { join } from 'node:path';
import { dumpsJson } from '../../../formats/dumps-json.ts';
import { entriesOf, type Json, type JsonObject, objectOf } from '../../../formats/json.ts';
import { replaceFile } from '../../../storage/file-names.ts';
import { empty, json, refuse, text } from '../../http/responses.ts';
import { jsonBody, objectBody, type Route, type RouteRequest } from '../../http/route.ts';
import { isFolder } from '../../http/safe-paths.ts';
import type { ServerContext } from '../../server-context.ts';
import { readObject, writeUserFile } from '../../users.ts';
import { userFolder } from './user-routes.ts';

const FILE = 'comfy.settings.json';
const UNKNOWN_USER = 401;
/** They are read and written as a whole. */
const MAX_BYTES = 2 * 1024 * 1024;

const unknownUser = { [UNKNOWN_USER]: 'An unknown user.' } as const;

export const settingRoutes = (context: ServerContext): Route[] => {
  const fileOf = (request: RouteRequest): string =>
    join(userFolder(context, request, UNKNOWN_USER), FILE);
  const read = (request: RouteRequest): JsonObject => readObject(fileOf(request));
  const change = (request: RouteRequest, changes: JsonObject): Promise<void> =>
    writeSettings(fileOf(request), changes);
  return [
    {
      method: 'GET',
      path: '/settings',
      summary: 'All settings.',
      responses: { 200: { description: 'By name.', schema: { type: 'object' } }, ...unknownUser },
      handle: (request) => json(read(request)),
    },
    {
      method: 'POST',
      path: '/settings',
      summary: 'Changes some settings.',
      body: { type: 'object' },
      responses: { 200: 'Changed.', ...unknownUser },
      handle: async (request) => {
        await change(request, objectBody(request));
        return empty();
      },
    },
    {
      method: 'GET',
      path: '/settings/{id}',
      summary: 'One setting by its name, such as Comfy.ColorPalette.',
      responses: {
        200: { description: 'The value; null when it is not set.', schema: {} },
        ...unknownUser,
      },
      handle: (request) => {
        const settings = read(request);
        const name = request.params['id'];
        return json(Object.hasOwn(settings, name) ? settings[name] : null);
      },
    },
    {
      method: 'POST',
      path: '/settings/{id}',
      summary: 'Changes one setting.',
      body: {},
      responses: { 200: 'Changed.', 400: 'The name is empty.', ...unknownUser },
      handle: async (request) => {
        const name = request.params['id'];
        if (name === '') return empty(400);
        await change(request, objectOf<Json>([[name, jsonBody(request)]]));
        return empty();
      },
    },
  ];
};

async function writeSettings(file: string, changes: JsonObject): Promise<void> {
  if (isFolder(file)) refuse(empty(400));
  const settings = objectOf<Json>([...entriesOf(readObject(file)), ...entriesOf(changes)]);
  const bytes = Buffer.from(dumpsJson(settings));
  if (bytes.length > MAX_BYTES)
    refuse(text(`The settings would be larger than ${MAX_BYTES} bytes.`, 413));
  await writeUserFile(file, () => replaceFile(file, bytes));
}
