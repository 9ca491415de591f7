// The rules of ComfyUI 0.3.64, which most reference tensors were computed by.
import { behaviourOf } from '../../src/nodes/versions/behaviour-changes.ts';

export const RULES = behaviourOf('0.3.64');
