// /object_info, /embeddings: the nodes and the files that they can use.
import { json, jsonText } from '../http/responses.ts';
import type { Route } from '../http/route.ts';
import type { ServerContext } from '../server-context.ts';

const nodesByType = { type: 'object', additionalProperties: { type: 'object' } } as const;

export const nodeRoutes = ({ objectInfo, packNodes, storage, folders }: ServerContext): Route[] => {
  const currentInfo = async () => {
    await storage.refreshInputNames();
    return await objectInfo();
  };
  return [
    {
      method: 'GET',
      path: '/object_info',
      summary: 'All nodes with their inputs and outputs.',
      responses: { 200: { description: 'By class type.', schema: nodesByType } },
      handle: async () => jsonText((await currentInfo()).all(await packNodes())),
    },
    {
      method: 'GET',
      path: '/object_info/{node_class}',
      summary: 'One node.',
      responses: { 200: { description: '`{}` for an unknown type.', schema: nodesByType } },
      handle: async ({ params }) =>
        jsonText((await currentInfo()).one(params['node_class'], await packNodes())),
    },
    {
      method: 'GET',
      path: '/embeddings',
      summary: 'Textual inversions, without their file extensions.',
      responses: {
        200: { description: 'Names.', schema: { type: 'array', items: { type: 'string' } } },
      },
      handle: () =>
        json(
          folders.modelFiles('embeddings').map((name) => name.replace(/(?<=[^/])\.[^./]*$/, '')),
        ),
    },
  ];
};
