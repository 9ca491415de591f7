// /object_info, /embeddings: what can be run, and with which files.
import { json, jsonText } from '../answers.ts';
import type { Route } from '../route.ts';
import type { Parts } from '../types.ts';

const info = { type: 'object', additionalProperties: { type: 'object' } } as const;

export const nodeRoutes = ({ objectInfo, folders }: Parts): Route[] => [
  {
    method: 'GET',
    path: '/object_info',
    summary: 'All nodes: inputs, outputs, lists.',
    answers: { 200: { description: 'By class type.', schema: info } },
    handle: () => jsonText(objectInfo.all()),
  },
  {
    method: 'GET',
    path: '/object_info/{node_class}',
    summary: 'One node.',
    answers: { 200: { description: '`{}` for an unknown type.', schema: info } },
    handle: ({ params }) => jsonText(objectInfo.one(params['node_class'])),
  },
  {
    method: 'GET',
    path: '/embeddings',
    summary: 'Textual inversions, without their file extensions.',
    answers: { 200: { description: 'Names.', schema: { type: 'array', items: { type: 'string' } } } },
    handle: () => json(folders.modelFiles('embeddings').map((name) => name.replace(/(?<=[^/])\.[^./]*$/, ''))),
  },
];
