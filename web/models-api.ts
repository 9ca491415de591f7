// The requests of the model browser.
import type {
  DescribedModel,
  DescriptionsResponse,
  ListedModel,
  ModelsResponse,
} from '../src/server/api-types.ts';
import { absoluteUrl, post, request } from './api.ts';

export const listModels = async (): Promise<readonly ListedModel[]> =>
  (await request<ModelsResponse>('darkroom/models')).models;

/**
 * What some model files are, at most 64; without those for which the server had no time. Files that
 * are gone are left out too.
 */
export const describeModels = async (
  models: readonly ListedModel[],
): Promise<readonly DescribedModel[]> => {
  const names = models.map(({ folder, name }) => ({ folder, name }));
  const response = await post<DescriptionsResponse>('darkroom/models/describe', { models: names });
  return response.models;
};

/** The URL of the image beside a model file; undefined when there is none. */
export function previewUrl({ folder, name, preview }: DescribedModel): string | undefined {
  if (preview === undefined) return undefined;
  const path = [folder, String(preview), ...name.split('/')].map(encodeURIComponent).join('/');
  return absoluteUrl(`experiment/models/preview/${path}?size=128`);
}
