// What a server needs of a Darkroom besides its methods.
import type { Darkroom, DarkroomOptions } from './darkroom-types.ts';
import type { Engine, EngineOptions } from './engine/client.ts';
import type { Folders } from './storage/folders.ts';

export interface Internals {
  readonly folders: Folders;
  readonly engine: Engine;
  readonly settings: EngineOptions;
  readonly options: DarkroomOptions;
}

const internals = new WeakMap<Darkroom, Internals>();

export const setInternals = (darkroom: Darkroom, parts: Internals): void =>
  void internals.set(darkroom, parts);

/** The parts of a Darkroom that openDarkroom returned; undefined for other objects. */
export const internalsOf = (darkroom: Darkroom): Internals | undefined => internals.get(darkroom);
