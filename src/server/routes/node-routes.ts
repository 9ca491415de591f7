// /object_info, /embeddings: what can be run, and with which files.
import { json, jsonText } from '../http/answers.ts';
import type { Route } from '../http/route.ts';
import type { Parts } from '../services.ts';

const schema = { type: 'object', additionalProperties: { type: 'object' } } as const;

export const nodeRoutes = ({ desk, storage, folders }: Parts): Route[] => {
  const info = async () => {
    await storage.refreshInputNames();
    return (await desk()).objectInfo;
  };
  return [
    {
      method: 'GET',
      path: '/object_info',
      summary: 'All nodes: inputs, outputs, lists.',
      answers: { 200: { description: 'By class type.', schema } },
      handle: async () => jsonText((await info()).all()),
    },
    {
      method: 'GET',
      path: '/object_info/{node_class}',
      summary: 'One node.',
      answers: { 200: { description: '`{}` for an unknown type.', schema } },
      handle: async ({ params }) => jsonText((await info()).one(params['node_class'])),
    },
    {
      method: 'GET',
      path: '/embeddings',
      summary: 'Textual inversions, without their file extensions.',
      answers: {
        200: { description: 'Names.', schema: { type: 'array', items: { type: 'string' } } },
      },
      handle: () =>
        json(
          folders.modelFiles('embeddings').map((name) => name.replace(/(?<=[^/])\.[^./]*$/, '')),
        ),
    },
  ];
};
