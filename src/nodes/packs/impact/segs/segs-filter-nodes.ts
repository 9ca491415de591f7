// SEGS chosen by label, measure and order. Source: Impact Pack segs_nodes.py.
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
import {
  boolean,
  combo,
  defineNode,
  int,
  type NodeResult,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { DETECTION_LABELS } from './detection-labels.ts';

const CATEGORY = 'ImpactPack/Util';
/** Python's sys.maxsize; counts are far below what a number holds exactly. */
const MOST = Number.MAX_SAFE_INTEGER;

export const labelInputs = {
  preset: combo(['all', ...DETECTION_LABELS], {
    tooltip: 'What the editor adds to the labels when chosen.',
  }),
  labels: string({
    multiline: true,
    tooltip: 'Labels, separated by commas; `all` keeps everything.',
  }),
};

const omit = <T extends string>(targets: readonly T[], left: readonly string[]): T[] =>
  targets.filter((target) => !left.includes(target));

/** Without what a hook's node does not offer. */
export const orderInputs = (left: readonly string[] = []) => ({
  target: combo(omit(Object.keys(ORDER_TARGETS) as OrderTarget[], left)),
  order: boolean({ default: true, label_on: 'descending', label_off: 'ascending' }),
  take_start: int({ min: 0, max: MOST, step: 1, tooltip: 'Parts to pass over.' }),
  take_count: int({ default: 1, min: 0, max: MOST, step: 1, tooltip: 'Parts to take.' }),
});

export const rangeInputs = (left: readonly string[] = []) => ({
  target: combo(omit(Object.keys(RANGE_TARGETS) as RangeTarget[], left)),
  mode: boolean({ default: true, label_on: 'inside', label_off: 'outside' }),
  min_value: int({ min: 0, max: MOST, step: 1 }),
  max_value: int({ default: 67108864, min: 0, max: MOST, step: 1 }),
});

const results = [output('SEGS', 'filtered_SEGS'), output('SEGS', 'remained_SEGS')];
const split = ({ filtered, remained }: FilteredSegs): NodeResult => outputs(filtered, remained);

const ImpactSEGSLabelAssign = defineNode({
  type: 'ImpactSEGSLabelAssign',
  display: 'SEGS Assign (label)',
  category: CATEGORY,
  inputs: {
    segs: socket('SEGS'),
    labels: string({
      multiline: true,
      tooltip: 'Labels in the order of the parts, separated by commas.',
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
  run: ({ segs, labels }) => split(filterByLabel(segs, labels)),
});

const ImpactSEGSRangeFilter = defineNode({
  type: 'ImpactSEGSRangeFilter',
  display: 'SEGS Filter (range)',
  category: CATEGORY,
  inputs: { segs: socket('SEGS'), ...rangeInputs() },
  outputs: results,
  run: ({ segs, target, mode, min_value, max_value }) =>
    split(filterByRange(segs, target, mode, min_value, max_value)),
});

const ImpactSEGSOrderedFilter = defineNode({
  type: 'ImpactSEGSOrderedFilter',
  display: 'SEGS Filter (ordered)',
  category: CATEGORY,
  inputs: { segs: socket('SEGS'), ...orderInputs() },
  outputs: results,
  run: ({ segs, target, order, take_start, take_count }) =>
    split(filterByOrder(segs, target, order, take_start, take_count)),
});

export const SEGS_FILTER_NODES = [
  ImpactSEGSLabelAssign,
  ImpactSEGSLabelFilter,
  ImpactSEGSRangeFilter,
  ImpactSEGSOrderedFilter,
];
