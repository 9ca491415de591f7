// A prompt divided at what it quotes, as LongCat-Image reads prompts: the letters of quoted words are
// tokens of their own (ComfyUI's text_encoders/longcat_image.py). Of several contractions ComfyUI
// exchanges some, in an order that changes from start to start; here they stay as they are.

export interface PromptPart {
  readonly text: string;
  readonly isQuoted: boolean;
}

/** Stands for an apostrophe inside of a word while the quotes are found. */
const HIDDEN = '\ue000';

const QUOTES = [`''`, `""`, '‘’', '“”'];
const QUOTED = QUOTES.map(([open, close]) => `${open}[^${open}${close}]*?${close}`).join('|');
const PARTS = new RegExp(`(${QUOTED})`, 'u');
const AT_START = new RegExp(`^(?:${QUOTED})`, 'u');

/** Divides a prompt; no part is empty. */
export const quotedParts = (prompt: string): PromptPart[] =>
  withoutApostrophes(prompt)
    .split(PARTS)
    .filter((part) => part !== '')
    .map((part) => {
      const text = part.replaceAll(HIDDEN, "'");
      return { text, isQuoted: AT_START.test(text) };
    });

/** Hides the apostrophes between letters, of several in one word every other one. */
function withoutApostrophes(prompt: string): string {
  const [first, ...pieces] = prompt.split("'");
  let [text, before, wasHidden] = [first, first, false];
  for (const piece of pieces) {
    const isInside = /[a-zA-Z]$/.test(before) && /^[a-zA-Z]/.test(piece);
    wasHidden = isInside && !(wasHidden && /^[a-zA-Z]+$/.test(before));
    text += (wasHidden ? HIDDEN : "'") + piece;
    before = piece;
  }
  return text;
}
