#!/bin/sh
# Builds assets/lettering/freetype.wasm. build.sh FREETYPE_SOURCES (VER-2-14-3) [ZIG (0.17)]
set -e
here=$(cd "$(dirname "$0")" && pwd)
sources=$1/src zig=${2:-zig} config=$(mktemp -d)
cp "$here/setjmp.h" "$here/modules.h" "$config"
# a pool for all cells of large glyphs, and none of what the one font does not need
without="FT_CONFIG_OPTION_USE_LZW FT_CONFIG_OPTION_USE_ZLIB FT_CONFIG_OPTION_ENVIRONMENT_PROPERTIES FT_CONFIG_OPTION_MAC_FONTS FT_CONFIG_OPTION_INCREMENTAL \
FT_CONFIG_OPTION_SVG FT_CONFIG_OPTION_POSTSCRIPT_NAMES TT_CONFIG_OPTION_GX_VAR_SUPPORT TT_CONFIG_OPTION_BDF TT_CONFIG_OPTION_COLOR_LAYERS TT_CONFIG_OPTION_EMBEDDED_BITMAPS"
pattern=$(echo "$without" | sed 's/ \+/\\|/g')
sed -e 's/^#define FT_RENDER_POOL_SIZE.*/#define FT_RENDER_POOL_SIZE 1048576L/' -e "/^#define \($pattern\)/d" "$1/include/freetype/config/ftoption.h" > "$config/options.h"
"$zig" cc -target wasm32-wasi -mexec-model=reactor -Oz -DNDEBUG -DFT2_BUILD_LIBRARY -DFT_CONFIG_MODULES_H='<modules.h>' -DFT_CONFIG_OPTIONS_H='<options.h>' \
  -DFT_CONFIG_OPTION_DISABLE_STREAM_SUPPORT -I"$config" -I"$1/include" "$here/freetype.c" \
  "$sources"/base/ftsystem.c "$sources"/base/ftinit.c "$sources"/base/ftdebug.c "$sources"/base/ftbase.c "$sources"/base/ftglyph.c "$sources"/base/ftstroke.c "$sources"/base/ftbitmap.c \
  "$sources"/truetype/truetype.c "$sources"/sfnt/sfnt.c "$sources"/autofit/autofit.c "$sources"/smooth/smooth.c \
  -Wl,-z,stack-size=4194304 -Wl,--strip-all -o "$here/../../assets/lettering/freetype.wasm"
chmod 644 "$here/../../assets/lettering/freetype.wasm"
rm -r "$config"
