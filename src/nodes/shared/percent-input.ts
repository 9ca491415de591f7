import { float } from '../declare.ts';

/** A fraction of the denoising, 0..1, of the inputs `start_percent` and `end_percent`. */
export const percent = (value: number) => float({ default: value, min: 0, max: 1, step: 0.001 });
