// What src/image/lettering/freetype.ts calls: one face, glyphs as Pillow loads them.
#include <stdlib.h>
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_GLYPH_H
#include FT_STROKER_H

static FT_Library library;
static FT_Face face;

// Opens the font; 0 if that fails. The bytes stay in use.
__attribute__((export_name("open_face"))) int open_face(const unsigned char *bytes, long size) {
  return !FT_Init_FreeType(&library) && !FT_New_Memory_Face(library, bytes, size, 0, &face);
}

__attribute__((export_name("set_size"))) int set_size(int pixels) {
  return !FT_Set_Pixel_Sizes(face, 0, pixels);
}

// In 26.6 pixels.
__attribute__((export_name("ascender"))) long ascender(void) {
  return face->size->metrics.ascender;
}

// advance in 26.6 pixels, then the control box in pixels: left, bottom, right, top
__attribute__((export_name("measure"))) int measure(unsigned long character, long *out) {
  FT_Glyph glyph;
  FT_BBox box;
  if (FT_Load_Glyph(face, FT_Get_Char_Index(face, character), FT_LOAD_DEFAULT)) return 0;
  out[0] = face->glyph->metrics.horiAdvance;
  if (FT_Get_Glyph(face->glyph, &glyph)) return 0;
  FT_Glyph_Get_CBox(glyph, FT_GLYPH_BBOX_PIXELS, &box);
  out[1] = box.xMin, out[2] = box.yMin, out[3] = box.xMax, out[4] = box.yMax;
  FT_Done_Glyph(glyph);
  return 1;
}

static FT_Glyph last;

// left, top, width, rows, pitch and address of the grey bitmap; it lasts until the next call.
// stroke: half the width of the pen in 26.6 pixels, around and inside the glyph; 0 for none.
__attribute__((export_name("render"))) int render(unsigned long character, long stroke, long *out) {
  FT_Stroker stroker;
  FT_Vector origin = {0, 0};
  int failed;
  if (last) FT_Done_Glyph(last);
  last = 0;
  if (FT_Load_Glyph(face, FT_Get_Char_Index(face, character), FT_LOAD_DEFAULT)) return 0;
  if (FT_Get_Glyph(face->glyph, &last)) return 0;
  if (stroke) {
    if (FT_Stroker_New(library, &stroker)) return 0;
    FT_Stroker_Set(stroker, stroke, FT_STROKER_LINECAP_ROUND, FT_STROKER_LINEJOIN_ROUND, 0);
    failed = FT_Glyph_StrokeBorder(&last, stroker, 0, 1);
    FT_Stroker_Done(stroker);
    if (failed) return 0;
  }
  if (FT_Glyph_To_Bitmap(&last, FT_RENDER_MODE_NORMAL, &origin, 1)) return 0;
  FT_BitmapGlyph glyph = (FT_BitmapGlyph)last;
  out[0] = glyph->left, out[1] = glyph->top;
  out[2] = glyph->bitmap.width, out[3] = glyph->bitmap.rows, out[4] = glyph->bitmap.pitch;
  out[5] = (long)glyph->bitmap.buffer;
  return 1;
}

__attribute__((export_name("allocate"))) void *allocate(unsigned long size) { return malloc(size); }
