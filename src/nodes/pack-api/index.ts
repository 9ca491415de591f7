// The API of packs, exported as `darkroom-engine/pack`: what a node is declared with, and the
// stable entry points to images, masks, SEGS, text encoding, sampling and networks. docs/packs.md
// is the guide; pack-api.md lists every export, and a test compares it.

export * from './declaring.ts';
export * from './images.ts';
export * from './models.ts';
export * from './sampling.ts';
export * from './segs.ts';
export * from './testing.ts';
export { API_VERSION } from './version.ts';
