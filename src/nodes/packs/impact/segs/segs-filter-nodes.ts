// Filters of SEGS by label, measure, order and overlap. Source: Impact Pack segs_nodes.py.
import { assignLabels } from '../../../../segs/edit/edit-segs.ts';
import {
  type FilteredSegs,
  filterByLabel,
  filterByOrder,
  filterByRange,
  ORDER_TARGETS,
  type OrderTarget,
  RANGE_TARGETS,
  type RangeTarget,
} from '../../../../segs/edit/filter-segs.ts';
import { withoutIntersecting, withoutOverlaps } from '../../../../segs/edit/overlap-segs.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  int,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { DETECTION_LABELS } from './detection-labels.ts';

const CATEGORY = 'ImpactPack/Util';
/** In place of Python's sys.maxsize, which a number cannot represent. */
const MAX_INT = Number.MAX_SAFE_INTEGER;

export const labelInputs = {
  preset: combo(['all', ...DETECTION_LABELS], {
    editorOnly: true,
    tooltip: 'Added to the labels by the editor when it is selected.',
  }),
  labels: string({
    multiline: true,
    tooltip: 'Labels to select, separated by commas; `all` selects everything.',
  }),
};

const without = <T extends string>(targets: readonly T[], omitted: readonly string[]): T[] =>
  targets.filter((target) => !omitted.includes(target));

/** Inputs of SEGSOrderedFilter; its hook node omits some targets. */
export const orderInputs = (omitted: readonly string[] = []) => ({
  target: combo(without(Object.keys(ORDER_TARGETS) as OrderTarget[], omitted)),
  order: boolean({ default: true, label_on: 'descending', label_off: 'ascending' }),
  take_start: int({ min: 0, max: MAX_INT, step: 1, tooltip: 'Number of segments to skip.' }),
  take_count: int({
    default: 1,
    min: 0,
    max: MAX_INT,
    step: 1,
    tooltip: 'Number of segments to select.',
  }),
});

/** Inputs of SEGSRangeFilter; its hook node omits some targets. */
export const rangeInputs = (omitted: readonly string[] = []) => ({
  target: combo(without(Object.keys(RANGE_TARGETS) as RangeTarget[], omitted)),
  mode: boolean({ default: true, label_on: 'inside', label_off: 'outside' }),
  min_value: int({ min: 0, max: MAX_INT, step: 1 }),
  max_value: int({ default: 67108864, min: 0, max: MAX_INT, step: 1 }),
});

const results = [output('SEGS', 'filtered_SEGS'), output('SEGS', 'remained_SEGS')] as const;
const filterOutputs = ({ filtered, remained }: FilteredSegs) => outputs(filtered, remained);

const ImpactSEGSLabelAssign = defineNode({
  type: 'ImpactSEGSLabelAssign',
  display: 'SEGS Assign (label)',
  category: CATEGORY,
  inputs: {
    segs: socket('SEGS'),
    labels: string({
      multiline: true,
      tooltip: 'Labels in the order of the segments, separated by commas.',
    }),
  },
  outputs: [output('SEGS')],
  run: ({ segs, labels }, { warn }) => outputs(assignLabels(segs, labels, warn)),
});

const ImpactSEGSLabelFilter = defineNode({
  type: 'ImpactSEGSLabelFilter',
  display: 'SEGS Filter (label)',
  category: CATEGORY,
  inputs: { segs: socket('SEGS'), ...labelInputs },
  outputs: results,
  run: ({ segs, labels }) => filterOutputs(filterByLabel(segs, labels)),
});

const ImpactSEGSRangeFilter = defineNode({
  type: 'ImpactSEGSRangeFilter',
  display: 'SEGS Filter (range)',
  category: CATEGORY,
  inputs: { segs: socket('SEGS'), ...rangeInputs() },
  outputs: results,
  run: ({ segs, target, mode, min_value, max_value }) =>
    filterOutputs(filterByRange(segs, target, mode, min_value, max_value)),
});

const ImpactSEGSOrderedFilter = defineNode({
  type: 'ImpactSEGSOrderedFilter',
  display: 'SEGS Filter (ordered)',
  category: CATEGORY,
  inputs: { segs: socket('SEGS'), ...orderInputs() },
  outputs: results,
  run: ({ segs, target, order, take_start, take_count }) =>
    filterOutputs(filterByOrder(segs, target, order, take_start, take_count)),
});

const ImpactSEGSIntersectionFilter = defineNode({
  type: 'ImpactSEGSIntersectionFilter',
  display: 'SEGS Filter (intersection)',
  category: CATEGORY,
  description: 'Removes segments that lie inside segments of segs2.',
  inputs: {
    segs1: socket('SEGS'),
    segs2: socket('SEGS'),
    ioa_threshold: float({
      default: 0.5,
      min: 0,
      max: 1,
      step: 0.01,
      tooltip: "The share of a segment's area above which it is removed.",
    }),
  },
  outputs: [output('SEGS', 'filtered_SEGS')],
  run: ({ segs1, segs2, ioa_threshold }) =>
    outputs(withoutIntersecting(segs1, segs2, ioa_threshold)),
});

const ImpactSEGSNMSFilter = defineNode({
  type: 'ImpactSEGSNMSFilter',
  display: 'SEGS Filter (non max suppression)',
  category: CATEGORY,
  description: 'Of segments that overlap, keeps the one of the highest confidence.',
  inputs: {
    segs: socket('SEGS'),
    iou_threshold: float({
      default: 0.5,
      min: 0,
      max: 1,
      step: 0.01,
      tooltip: 'The share of their union from which segments overlap.',
    }),
  },
  outputs: [output('SEGS', 'filtered_SEGS')],
  run: ({ segs, iou_threshold }) => outputs(withoutOverlaps(segs, iou_threshold)),
});

export const SEGS_FILTER_NODES = [
  ImpactSEGSLabelAssign,
  ImpactSEGSLabelFilter,
  ImpactSEGSRangeFilter,
  ImpactSEGSOrderedFilter,
  ImpactSEGSIntersectionFilter,
  ImpactSEGSNMSFilter,
];
