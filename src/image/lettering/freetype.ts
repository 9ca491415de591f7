// FreeType with the font that Pillow draws texts with by default, Aileron Regular: measures and
// renders glyphs, hinted as FreeType does by default. Built by scripts/freetype/build.sh.
import { readFileSync } from 'node:fs';
import { DarkroomError } from '../../errors.ts';

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  open_face(bytes: number, size: number): number;
  set_size(pixels: number): number;
  ascender(): number;
  measure(character: number, out: number): number;
  render(character: number, stroke: number, out: number): number;
  allocate(size: number): number;
}

/** The part of WebAssembly that is used; types of Node have none of its constructors. */
const webAssembly = (
  globalThis as unknown as {
    readonly WebAssembly: {
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (module: object) => { readonly exports: Exports };
    };
  }
).WebAssembly;

/** What a glyph takes: its advance in 1/64 pixels, and its box in pixels, y upwards. */
interface GlyphMeasure {
  readonly advance: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  readonly top: number;
}

/** A grey glyph; `left` and `top` are from the pen's position, y upwards. */
interface GlyphBitmap {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/** The font at one size. */
export interface Font {
  /** In pixels. */
  readonly size: number;
  /** In 1/64 pixels. */
  readonly ascender: number;
  measure(character: string): GlyphMeasure;
  /** `stroke`: pixels that the glyph grows in all directions; 0 for none. */
  render(character: string, stroke: number): GlyphBitmap;
}

const assetOf = (name: string): Uint8Array<ArrayBuffer> => {
  const file = new URL(`../../../assets/lettering/${name}`, import.meta.url);
  try {
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    throw new DarkroomError('DR_FILE_MISSING', {
      message: `the file ${name} of this package is missing`,
      hint: 'Install the package again: its assets folder is incomplete.',
      cause,
    });
  }
};

/** The number of int32 values that the library returns at most. */
const RESULTS = 6;

let opened: { readonly library: Exports; readonly out: number } | undefined;
let current = 0;

/** The library with the font, opened at first use. */
function open(): NonNullable<typeof opened> {
  if (opened) return opened;
  const { Module, Instance } = webAssembly;
  const library = new Instance(new Module(assetOf('freetype.wasm'))).exports;
  library._initialize();
  const font = assetOf('aileron-regular.ttf');
  const address = library.allocate(font.length);
  new Uint8Array(library.memory.buffer).set(font, address);
  if (!library.open_face(address, font.length)) throw new Error('internal: FreeType has no font');
  opened = { library, out: library.allocate(4 * RESULTS) };
  return opened;
}

/** Calls the library at a size; returns the values that it writes. */
function call(size: number, run: (library: Exports, out: number) => number): Int32Array {
  const { library, out } = open();
  if (current !== size && !library.set_size(size)) throw new Error(`internal: font size ${size}`);
  current = size;
  let done = 0;
  try {
    done = run(library, out);
  } catch {
    // outlines with too many cells end the library: it is opened anew
    opened = undefined;
    current = 0;
  }
  if (!done)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `text cannot be drawn at a size of ${size} pixels`,
      hint: 'Use a smaller font size or image.',
      input: 'font_size',
    });
  return new Int32Array(library.memory.buffer.slice(out, out + 4 * RESULTS));
}

const codeOf = (character: string): number => character.codePointAt(0)!;

/** The font at a size in whole pixels, from 1. Throws DR_INPUT_INVALID where it is too large. */
export function fontOf(size: number): Font {
  const measures = new Map<string, GlyphMeasure>();
  const measure = (character: string): GlyphMeasure => {
    const [advance, left, bottom, right, top] = call(size, (library, out) =>
      library.measure(codeOf(character), out),
    );
    return { advance, left, bottom, right, top };
  };
  let ascender = 0;
  call(size, (library) => {
    ascender = library.ascender();
    return 1;
  });
  return {
    size,
    ascender,
    measure(character) {
      const result = measures.get(character) ?? measure(character);
      measures.set(character, result);
      return result;
    },
    render(character, stroke) {
      const [left, top, width, rows, pitch, address] = call(size, (library, out) =>
        library.render(codeOf(character), Math.round(stroke * 64), out),
      );
      const bytes = new Uint8Array(width * rows);
      const memory = new Uint8Array(opened!.library.memory.buffer);
      for (let y = 0; y < rows; y++) {
        const from = address + y * pitch;
        bytes.set(memory.subarray(from, from + width), y * width);
      }
      return { left, top, width, rows, bytes };
    },
  };
}
