// placeholder, replaced by the sampling room
export interface ModelSampling {
  readonly sigmas: Float32Array;
}
