// The types of a workflow's form (form.ts). They import types only, so that the page in web/ shares
// them. The page reads JSON with number types of its own: `Value` is any JSON value, `Limit` a
// number.
import type { Json } from '../../formats/json.ts';

export type FieldKind =
  | 'text'
  | 'lines'
  | 'int'
  | 'seed'
  | 'float'
  | 'choice'
  | 'switch'
  | 'picture';

/** The widget of a field: an input of a node in the graph. */
export interface FieldTarget {
  readonly id: string;
  readonly input: string;
}

/**
 * Another widget that changes with a field: it takes the same value, shifts by the same amount, or
 * keeps its share of the field's value.
 */
export interface Follower extends FieldTarget {
  readonly how: 'same' | 'shift' | 'share';
}

export interface Field<Value = Json, Limit = number | bigint> extends FieldTarget {
  readonly label: string;
  readonly kind: FieldKind;
  readonly value: Value;
  readonly min?: Limit;
  readonly max?: Limit;
  readonly step?: Limit;
  readonly options?: readonly string[];
  /** The inputs that come with each option, and their values at first. */
  readonly choices?: Readonly<Record<string, Readonly<Record<string, Value>>>>;
  /**
   * Where its options are: a model folder; of pictures, `output` where it is not the input folder.
   */
  readonly folder?: string;
  readonly help?: string;
  readonly followers?: readonly Follower[];
}

/** The other fields of one node. */
export interface FieldGroup<Value = Json, Limit = number | bigint> {
  readonly id: string;
  readonly title: string;
  readonly type: string;
  readonly fields: readonly Field<Value, Limit>[];
}

/** A file that a workflow names and this machine does not have. */
export interface MissingFile {
  readonly label: string;
  readonly value: string;
  /** Model folder that the file belongs in. */
  readonly folder?: string;
}

export interface WorkflowForm<Value = Json, Limit = number | bigint> {
  /** Prompts, seed, size, steps, cfg and files, in this order. */
  readonly main: readonly Field<Value, Limit>[];
  readonly groups: readonly FieldGroup<Value, Limit>[];
  readonly missing: readonly MissingFile[];
}
