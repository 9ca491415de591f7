#!/usr/bin/env bash
# What somebody meets who installs Darkroom: packs it, installs the tarball into empty projects (ES
# modules under strict nodenext, CommonJS under node10 and node16, a bundle of esbuild), runs the
# programs of README and docs/library.md, and prints sizes and seconds. Fails where an installation
# warns, needs flags or is too large. Needs an npm registry or a mirror of one, nothing else.
#   scripts/newcomer.sh             about two minutes
#   scripts/newcomer.sh --managers  also installs with npm 10, pnpm, Yarn 1 and 4, and Bun
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
export npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false NO_COLOR=1

MAX_TARBALL_MB=80
MAX_INSTALLED_MB=200
MAX_PACKAGES=60
EXAMPLE=node_modules/darkroom-engine/examples/text-to-image.json

fail() { printf 'newcomer.sh: %s\n' "$1" >&2; exit 1; }
# timed TITLE COMMAND… : runs it, and prints the title with the seconds; its output only if it fails
timed() {
  local title=$1 from=$SECONDS
  shift
  "$@" >"$WORK/log" 2>&1 || { cat "$WORK/log"; fail "$title failed"; }
  printf '%-58s %4d s\n' "$title" $((SECONDS - from))
}
at_most() { [ "$2" -le "$3" ] || fail "$1: $2, more than $3"; }
project() { mkdir -p "$WORK/$1" && cd "$WORK/$1" && printf '%s\n' "$2" >package.json; }
# the checkout's own compiler and types, so that the project stays empty
tsc() { node "$ROOT/node_modules/typescript/bin/tsc" --typeRoots "$ROOT/node_modules/@types" --types node --skipLibCheck false "$@"; }

# packing

cd "$ROOT"
if [ -f dist/cjs/index.js ] && [ -z "$(find src web package.json -newer dist/cjs/index.js -name '*.[tj]s*' -print -quit)" ]; then
  timed 'npm pack (built already)' npm pack --ignore-scripts --pack-destination "$WORK"
else
  timed 'npm pack' npm pack --pack-destination "$WORK"
fi
TARBALL=$(ls "$WORK"/darkroom-engine-*.tgz)
size=$(($(wc -c <"$TARBALL") / 1000000))
echo "  tarball: $size MB"
at_most 'MB of the tarball' "$size" $MAX_TARBALL_MB

# ES modules: no warnings, not too large, the command, all programs of the pages

project esm '{ "type": "module", "private": true }'
timed 'npm install TARBALL' npm install "$TARBALL"
! grep -iE 'warn|deprecated|error' "$WORK/log" || fail 'npm install prints warnings'
packages=$(npm ls --all --parseable | tail -n +2 | wc -l)
installed=$(du -sm node_modules | cut -f1)
echo "  $packages packages, $installed MB: $(du -sm node_modules/darkroom-engine node_modules/@*/* node_modules/* | sort -rn | awk '!/\/@[a-z-]*$/ && n++ < 4 { sub("node_modules/", "", $2); printf "%s%s %s", separator, $2, $1; separator = ", " }')"
at_most 'packages' "$packages" $MAX_PACKAGES
at_most 'MB installed' "$installed" $MAX_INSTALLED_MB

timed 'npx darkroom run text-to-image.json' npx darkroom run "$EXAMPLE" --steps 4 --output output
[ -s output/text-to-image_00001_.png ] || fail 'the run wrote no picture'
npx darkroom convert "$EXAMPLE" | node -e 'JSON.parse(require("fs").readFileSync(0, "utf8"))' || fail 'convert prints more than the graph'
rm -r output

programs=$(cd "$ROOT" && node_modules/.bin/tsx scripts/page-programs.ts "$WORK/esm")
npx darkroom convert workflow.json --to ts >converted.mts
# shellcheck disable=SC2086 # a list of names
timed 'types of all programs (strict, nodenext)' tsc --strict --target es2023 --lib es2023,esnext.disposable --module nodenext --outDir built $programs converted.mts
for program in $programs converted.mts; do
  timed "  $program" node "built/${program%.mts}.mjs"
done

# CommonJS; the program does not close anything, and ends

project commonjs '{ "private": true }'
timed 'npm install TARBALL (CommonJS)' npm install "$TARBALL"
cat >main.ts <<'PROGRAM'
import { graph, openDarkroom, type RunResult } from 'darkroom-engine';
import { ImageInvert, LoadImage, SaveImage } from 'darkroom-engine/nodes';

async function main(): Promise<void> {
  const darkroom = await openDarkroom({ inMemory: true });
  const drawn: RunResult = await darkroom.run(process.argv[2], { set: { steps: 2 } });
  const { IMAGE } = LoadImage({ image: 'a.png' });
  const files = { 'a.png': drawn.images[0].toBuffer() };
  const { images } = await darkroom.run(graph(SaveImage({ images: ImageInvert({ image: IMAGE }).IMAGE })), { files });
  console.log(images[0].toBuffer().length);
}
void main();
PROGRAM
timed 'types under node10' tsc --strict --target es2022 --module commonjs --moduleResolution node10 main.ts
timed '  main.js' node main.js "$EXAMPLE"
! grep -i warning "$WORK/log" || fail 'require() prints a warning'
timed 'types under node16' tsc --strict --target es2022 --module node16 main.ts
timed '  main.js' node main.js "$EXAMPLE"

# a bundle: the package itself stays outside of it

mkdir -p "$WORK/bundle" && cd "$WORK/bundle" && mv "$WORK/commonjs/node_modules" "$WORK/commonjs/package.json" .
for format in esm cjs; do
  extension=$([ $format = esm ] && echo mjs || echo cjs)
  timed "esbuild --format=$format" "$ROOT/node_modules/.bin/esbuild" "$WORK/commonjs/main.ts" --bundle --platform=node --format=$format --external:darkroom-engine --outfile="main.$extension"
  timed "  main.$extension" node "main.$extension" "$EXAMPLE"
done

# other package managers

install_with() {
  local name=$1
  shift
  project "with-$name" '{ "name": "project", "version": "1.0.0", "license": "MIT", "private": true }'
  timed "$name" "$@"
  ! grep -iE 'error|EBADENGINE|unsupported engine' "$WORK/log" || fail "$name prints errors"
}
if [ "${1:-}" = --managers ]; then
  for name in npm@10 npm@11 pnpm yarn@1 @yarnpkg/cli-dist bun; do
    folder="$WORK/managers/$name"
    mkdir -p "$folder"
    npm install --silent --prefix "$folder" "$name"
    command=$(basename "${name%@[0-9]*}")
    [ "$command" = cli-dist ] && command=yarn
    verb=$([[ $name == npm@* ]] && echo install || echo add)
    install_with "${name//\//-} $verb TARBALL" "$folder/node_modules/.bin/$command" "$verb" "$TARBALL"
    # Plug'n'Play does not resolve the imports of a module that require() loads
    cp "$WORK/bundle/main.mjs" "$ROOT/examples/text-to-image.json" .
    run=$([ "$name" = @yarnpkg/cli-dist ] && echo "$folder/node_modules/.bin/yarn node" || echo node)
    # shellcheck disable=SC2086 # a command with its arguments
    timed '  main.mjs' $run main.mjs text-to-image.json
  done
fi
echo 'a newcomer gets through'
