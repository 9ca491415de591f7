// The requests of the model browser.
import type {
  DescribedModel,
  DescriptionsResponse,
  ListedModel,
  ModelsResponse,
} from '../src/server/api-types.ts';
import { absoluteUrl, request } from './api.ts';

/** The server describes no more at once. */
const MAX_DESCRIBED = 64;

export const listModels = async (): Promise<readonly ListedModel[]> =>
  (await request<ModelsResponse>('darkroom/models')).models;

/**
 * What some model files are, without those for which the server had no time. Files that are gone
 * are left out too.
 */
export const describeModels = async (
  models: readonly ListedModel[],
): Promise<readonly DescribedModel[]> => {
  const asked = models.slice(0, MAX_DESCRIBED).map(({ folder, name }) => ({ folder, name }));
  const { models: described } = await request<DescriptionsResponse>('darkroom/models/describe', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ models: asked }),
  });
  return described;
};

/** The URL of the image beside a model file; undefined when there is none. */
export function previewUrl({ folder, name, preview }: DescribedModel): string | undefined {
  if (preview === undefined) return undefined;
  const path = [folder, String(preview), ...name.split('/')].map(encodeURIComponent).join('/');
  return absoluteUrl(`experiment/models/preview/${path}?size=128`);
}
