// /users: the users, when there are several.
import { existsSync } from 'node:fs';
import { empty, json, refuse } from '../http/answers.ts';
import { type Call, objectBody, type Route } from '../http/route.ts';
import type { Parts } from '../services.ts';

export const userRoutes = ({ users }: Parts): Route[] => [
  {
    method: 'GET',
    path: '/users',
    summary: 'Names by id; with one user, whether its folder is there.',
    answers: {
      200: { description: '`storage`, and `users` or `migrated`.', schema: { type: 'object' } },
    },
    handle: () =>
      json(
        users.several
          ? { storage: 'server', users: users.list() }
          : { storage: 'server', migrated: existsSync(users.folder(undefined)!) },
      ),
  },
  {
    method: 'POST',
    path: '/users',
    summary: 'Adds a user.',
    body: { type: 'object', required: ['username'], properties: { username: { type: 'string' } } },
    answers: {
      200: { description: 'The id.', schema: { type: 'string' } },
      400: 'No name, or a name that is taken.',
    },
    handle: (call) => {
      const { username } = objectBody(call);
      if (typeof username !== 'string' || username.trim() === '' || username.length > 100)
        return empty(400);
      const id = users.add(username);
      return id === undefined ? json({ error: 'Duplicate username.' }, 400) : json(id);
    },
  },
];

/** The folder of the user that a request comes from; `unknown` is the status for a user that is not there. */
export const userFolder = ({ users }: Pick<Parts, 'users'>, call: Call, unknown: number): string =>
  users.folder(call.header('comfy-user')) ?? refuse(empty(unknown));
