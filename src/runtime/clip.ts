// CLIP as the CLIP sockets carry it: one or two text encoders, their tokenizer, and how many last layers are skipped.
export interface Clip {
  readonly family: 'sd1' | 'sd2' | 'sdxl' | 'sdxl-refiner';
}
