// How the terminal draws pictures, by what it sets in the environment. Knows no image library, so
// that every command can find out.

/** How a terminal draws pictures. */
export type PictureProtocol = 'kitty' | 'iterm2' | 'sixel';

type Environment = Readonly<Record<string, string | undefined>>;

/** Terminals by what they set. Multiplexers pass neither protocol on. */
const TERMINALS: readonly (readonly [PictureProtocol, (environment: Environment) => boolean])[] = [
  [
    'kitty',
    ({ KITTY_WINDOW_ID, TERM }) => KITTY_WINDOW_ID !== undefined || /kitty/.test(TERM ?? ''),
  ],
  ['kitty', ({ TERM_PROGRAM, TERM }) => /ghostty/i.test(`${TERM_PROGRAM} ${TERM}`)],
  ['kitty', ({ KONSOLE_VERSION }) => Number(KONSOLE_VERSION) >= 220_400],
  ['iterm2', ({ TERM_PROGRAM }) => /^(iTerm\.app|WezTerm|mintty|rio)$/.test(TERM_PROGRAM ?? '')],
  ['iterm2', ({ LC_TERMINAL }) => LC_TERMINAL === 'iTerm2'],
  ['sixel', ({ TERM }) => /^(foot|mlterm|contour|yaft)|sixel/.test(TERM ?? '')],
];

/** The protocol of the terminal with this environment; undefined if it draws no pictures. */
export function pictureProtocol(environment: Environment): PictureProtocol | undefined {
  if (environment.TMUX !== undefined || /^(screen|tmux)/.test(environment.TERM ?? ''))
    return undefined;
  return TERMINALS.find(([, matches]) => matches(environment))?.[0];
}
