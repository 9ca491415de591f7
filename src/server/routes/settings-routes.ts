// /settings: a JSON object per user (app/app_settings.py).
import { join } from 'node:path';
import {
  dumpsJson,
  entriesOf,
  isJsonObject,
  type Json,
  type JsonObject,
  objectOf,
} from '../../formats/json.ts';
import { replaceFile } from '../../storage/file-names.ts';
import { empty, json, refuse } from '../http/answers.ts';
import { isFolder } from '../http/file-responses.ts';
import { type Call, jsonBody, objectBody, type Route } from '../http/route.ts';
import type { Parts } from '../services.ts';
import { readObject } from '../users.ts';
import { userFolder } from './user-routes.ts';

const FILE = 'comfy.settings.json';
const id = 'A setting’s name, such as Comfy.ColorPalette.';

export const settingRoutes = (parts: Parts): Route[] => {
  const read = (call: Call): JsonObject => readObject(join(userFolder(parts, call, 401), FILE));
  const write = (call: Call, changes: JsonObject): void => {
    const file = join(userFolder(parts, call, 401), FILE);
    if (isFolder(file)) refuse(empty(400));
    replaceFile(
      file,
      Buffer.from(
        dumpsJson(objectOf<Json>([...entriesOf(readObject(file)), ...entriesOf(changes)])),
      ),
    );
  };
  const answers = { 401: 'An unknown user.' } as const;
  return [
    {
      method: 'GET',
      path: '/settings',
      summary: 'All settings.',
      answers: { 200: { description: 'By name.', schema: { type: 'object' } }, ...answers },
      handle: (call) => json(read(call)),
    },
    {
      method: 'POST',
      path: '/settings',
      summary: 'Changes some settings.',
      body: { type: 'object' },
      answers: { 200: 'Done.', ...answers },
      handle: (call) => {
        write(call, objectBody(call));
        return empty();
      },
    },
    {
      method: 'GET',
      path: '/settings/{id}',
      summary: 'One setting.',
      answers: { 200: { description: `null when it is not set. ${id}`, schema: {} }, ...answers },
      handle: (call) => {
        const settings = read(call);
        const name = call.params['id'];
        return json(
          isJsonObject(settings) && Object.hasOwn(settings, name) ? settings[name] : null,
        );
      },
    },
    {
      method: 'POST',
      path: '/settings/{id}',
      summary: 'Changes one setting.',
      body: {},
      answers: { 200: 'Done.', 400: 'No name.', ...answers },
      handle: (call) => {
        if (call.params['id'] === '') return empty(400);
        write(call, objectOf<Json>([[call.params['id'], jsonBody(call)]]));
        return empty();
      },
    },
  ];
};
