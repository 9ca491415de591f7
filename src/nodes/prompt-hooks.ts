// What nodes may do to a prompt before it is checked: set values, take links away, tell clients of it. After ComfyUI's
// PromptServer.add_on_prompt_handler, which the Impact Pack uses for wildcards, remote controls and switches that choose on prompt.
import type { Json } from '../formats/json.ts';
import type { NodeEnvironment } from './context.ts';

export interface PromptLink {
  readonly node: string;
  readonly input: string;
  /** The output it comes from. */
  readonly slot: number;
}

export interface PromptEditor {
  readonly environment: NodeEnvironment;
  has(id: string): boolean;
  classType(id: string): string | undefined;
  /** Names of the inputs of a node that have a value or a link. */
  inputNames(id: string): readonly string[];
  /** A widget value, or `[id, slot]`. */
  input(id: string, name: string): Json | undefined;
  /** Sets an input; undefined takes it away. */
  set(id: string, name: string, value: Json | undefined): void;
  /** Sets a widget, by its number, in the editor's own workflow that is written into pictures. */
  setWidget(id: string, index: number, value: Json): void;
  /** The links that leave a node. */
  linksFrom(id: string): readonly PromptLink[];
  /** A message to the clients that look on. */
  send(event: string, data: Readonly<Record<string, unknown>>): void;
}

export interface PromptPreparation {
  /** Before all preparations that are not first. */
  readonly first?: boolean;
  /** Called for each node of the type. A DarkroomError is a finding of the check. */
  edit(id: string, prompt: PromptEditor): void;
}
