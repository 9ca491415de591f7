// Describes how the weights of a model file are quantised.
import { GGUF_KEYS } from '../../formats/gguf/gguf-file.ts';
import type { ModelDescription } from '../../formats/model-file.ts';
import { sizeOf } from '../../tensor/tensor.ts';

/**
 * Returns a description such as `GGUF Q4_K_M`, `fp8 scaled` or `int8 (ConvRot)`; undefined for a
 * file without quantised weights. Plain fp8 counts where most numbers have it.
 */
export function describeQuantisation({
  format,
  tensors,
  metadata,
}: Pick<ModelDescription, 'format' | 'tensors' | 'metadata'>): string | undefined {
  if (format === 'GGUF') return `GGUF ${metadata[GGUF_KEYS.quantisation] ?? ''}`.trim();
  const all = [...tensors.values()];
  const scaled = all.filter(({ scaling }) => scaling);
  const isFp8 = ({ dtype }: { readonly dtype: string }): boolean => dtype.startsWith('F8');
  const integers = scaled.filter(({ dtype }) => dtype === 'I8');
  const isRotated = integers.some(({ scaling }) => scaling?.rotation !== undefined);
  const count = (some: typeof all): number => some.reduce((n, { shape }) => n + sizeOf(shape), 0);
  const kinds = [
    scaled.some(isFp8) ? 'fp8 scaled' : 2 * count(all.filter(isFp8)) > count(all) && 'fp8',
    integers.length > 0 && (isRotated ? 'int8 (ConvRot)' : 'int8'),
  ];
  return kinds.filter(Boolean).join(' and ') || undefined;
}
