// The segments that the Impact Pack's SEGS pickers offer (modules/impact/impact_server.py): those
// that their nodes sent when they last ran.
import { posix } from 'node:path';
import type { QueueEvent } from '../../../queue/contract.ts';
import type { FolderType } from '../../../storage/folder-paths.ts';
import type { StoredImage } from '../../api-types.ts';
import { contentDisposition, storedFileResponse } from '../../http/file-responses.ts';
import { empty, refuse, text } from '../../http/responses.ts';
import { integerQuery, type Route } from '../../http/route.ts';
import type { ServerContext } from '../../server-context.ts';

interface SegmentImage {
  readonly type: FolderType;
  readonly name: string;
}

const EVENT = 'darkroom/segs-picker';
const MAX_PICKERS = 100;

const nodeId = { type: 'string', description: 'Id of the node.' } as const;

export function segsPickerRoutes({ queue, storage }: ServerContext): Route[] {
  const pickers = new SegsPickers();
  queue().then(
    (opened) => opened.subscribe((event) => pickers.handleQueueEvent(event)),
    () => undefined,
  );
  return [
    {
      method: 'GET',
      path: '/impact/segs/picker/count',
      summary: 'The number of segments that a SEGS picker offers, since its node last ran.',
      query: { id: nodeId },
      responses: { 200: 'A number, as text.', 400: 'The node has not run.' },
      handle: (request) => {
        const images = pickers.imagesOf(request.query('id') ?? '');
        return images ? text(String(images.length)) : empty(400);
      },
    },
    {
      method: 'GET',
      path: '/impact/segs/picker/view',
      summary: 'One of the segments, darkened outside of its mask.',
      query: { id: nodeId, idx: { type: 'integer', description: 'From 0.' } },
      responses: { 200: 'A PNG image.', 400: 'There is no such segment.', 404: 'It was deleted.' },
      handle: async (request) => {
        const id = request.query('id') ?? '';
        const index = integerQuery(request, 'idx') ?? refuse(empty(400));
        const image = pickers.imagesOf(id)?.[index] ?? refuse(empty(400));
        const headers = { 'content-disposition': contentDisposition(`${id}${index}.png`) };
        return await storedFileResponse(storage, image, headers, (name) => request.header(name));
      },
    },
  ];
}

/** The segments of the pickers that ran last, by node id. */
class SegsPickers {
  readonly #images = new Map<string, readonly SegmentImage[]>();

  imagesOf(node: string): readonly SegmentImage[] | undefined {
    return this.#images.get(node);
  }

  handleQueueEvent(event: QueueEvent): void {
    if (event.type !== 'message' || event.event !== EVENT) return;
    const { data } = JSON.parse(event.text) as { data: { node: string; images: StoredImage[] } };
    const images = data.images.map(({ filename, subfolder, type }) => ({
      type: type as FolderType,
      name: posix.join(subfolder, filename),
    }));
    this.#images.delete(data.node);
    this.#images.set(data.node, images);
    if (this.#images.size > MAX_PICKERS) this.#images.delete(this.#images.keys().next().value!);
  }
}
