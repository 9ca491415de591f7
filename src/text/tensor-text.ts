// Tensors as Python's str() shows them (torch/_tensor_str.py): 4 digits, lines of 80 characters,
// and only the ends of axes from 1000 elements on.
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import { formatFloat } from './python-format/format-value.ts';

const LINE_WIDTH = 80;
/** A tensor of more elements is abbreviated. */
const LONGEST_WHOLE = 1000;
const PREFIX = 'tensor(';

/** What all parts of a tensor have in common. */
interface Style {
  readonly tensor: Tensor;
  /** Number of elements shown at each end of a long axis; undefined to show all. */
  readonly ends?: number;
  /** An element without padding. */
  readonly format: (value: number) => string;
  readonly width: number;
}

/** The text of a tensor; of long axes, `ends` elements at each end. */
export function tensorText(tensor: Tensor, ends: number): string {
  const { shape } = tensor;
  const count = sizeOf(shape);
  if (count === 0)
    return shape.length === 1 ? `${PREFIX}[])` : `${PREFIX}[], size=(${shape.join(', ')}))`;
  const shown = count > LONGEST_WHOLE ? ends : undefined;
  const format = formatOf(shownValues(tensor, shown));
  const style: Style = { tensor, ends: shown, ...format };
  return `${PREFIX}${axisText(style, 0, 0, PREFIX.length)})`;
}

/** The indices of an axis that are shown; undefined stands for those that are left out. */
function shownIndices(length: number, ends: number | undefined): (number | undefined)[] {
  const all = Array.from({ length }, (_, i) => i);
  if (ends === undefined || length <= 2 * ends) return all;
  return [...all.slice(0, ends), undefined, ...all.slice(-ends)];
}

function shownValues({ shape, data }: Tensor, ends: number | undefined): number[] {
  const valuesAt = (axis: number, offset: number): number[] => {
    if (axis === shape.length) return [data[offset]];
    const indices = shownIndices(shape[axis], ends).filter((i) => i !== undefined);
    const step = sizeOf(shape.slice(axis + 1));
    return indices.flatMap((i) => valuesAt(axis + 1, offset + i * step));
  };
  return valuesAt(0, 0);
}

/** Whole numbers with a point, four decimals, or an exponent where sizes differ much. */
function formatOf(values: readonly number[]): Pick<Style, 'format' | 'width'> {
  const finite = values.filter((value) => Number.isFinite(value) && value !== 0);
  const sizes = finite.map(Math.abs);
  const [smallest, largest] = [Math.min(...sizes), Math.max(...sizes)];
  const hasExponents = largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4;
  const isWhole = finite.every(Number.isInteger);
  const spec = hasExponents ? '.4e' : isWhole ? '#.0f' : '.4f';
  const format = (value: number): string => formatFloat(value, spec);
  return { format, width: Math.max(1, ...finite.map((value) => format(value).length)) };
}

function axisText(style: Style, axis: number, offset: number, indent: number): string {
  const { shape } = style.tensor;
  if (axis === shape.length - 1) return rowText(style, offset, indent);
  const step = sizeOf(shape.slice(axis + 1));
  const parts = shownIndices(shape[axis], style.ends).map((i) =>
    i === undefined ? '...' : axisText(style, axis + 1, offset + i * step, indent + 1),
  );
  const between = '\n'.repeat(shape.length - 1 - axis);
  return `[${parts.join(`,${between}${' '.repeat(indent + 1)}`)}]`;
}

function rowText({ tensor, ends, format, width }: Style, offset: number, indent: number): string {
  const items = shownIndices(tensor.shape.at(-1)!, ends).map((i) =>
    i === undefined ? ' ...' : format(tensor.data[offset + i]).padStart(width),
  );
  const perLine = Math.max(1, Math.floor((LINE_WIDTH - indent) / (width + 2)));
  const lines: string[] = [];
  for (let i = 0; i < items.length; i += perLine)
    lines.push(items.slice(i, i + perLine).join(', '));
  return `[${lines.join(`,\n${' '.repeat(indent + 1)}`)}]`;
}
