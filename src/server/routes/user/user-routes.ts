// /users: the users of a server with several users.
import { existsSync } from 'node:fs';
import { empty, json, refuse } from '../../http/responses.ts';
import { objectBody, type Route, type RouteRequest } from '../../http/route.ts';
import type { ServerContext } from '../../server-context.ts';

const MAX_NAME_LENGTH = 100;

export const userRoutes = ({ users }: ServerContext): Route[] => [
  {
    method: 'GET',
    path: '/users',
    summary: 'User names by id; for a single user, whether its folder exists.',
    responses: {
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
    responses: {
      200: { description: 'The id of the user.', schema: { type: 'string' } },
      400: 'The name is missing or taken.',
    },
    handle: async (request) => {
      const { username } = objectBody(request);
      if (typeof username !== 'string' || username.trim() === '') return empty(400);
      if (username.length > MAX_NAME_LENGTH) return empty(400);
      const id = await users.add(username);
      return id === undefined ? json({ error: 'Duplicate username.' }, 400) : json(id);
    },
  },
];

/**
 * The folder of the user who sent a request. An unknown user is refused with the status
 * `unknownUser`.
 */
export const userFolder = (
  { users }: Pick<ServerContext, 'users'>,
  request: RouteRequest,
  unknownUser: number,
): string => users.folder(request.header('comfy-user')) ?? refuse(empty(unknownUser));
