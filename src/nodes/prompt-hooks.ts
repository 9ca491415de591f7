// What nodes may change in a prompt before it is validated. After ComfyUI's
// PromptServer.add_on_prompt_handler, which the Impact Pack uses for wildcards, remote controls and
// switches in the mode "on prompt".
import type { Json } from '../formats/json.ts';
import type { NodeEnvironment } from './context.ts';

export interface PromptLink {
  readonly node: string;
  readonly input: string;
  /** The number of the output that it comes from. */
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
  /** Sets an input; undefined removes it. */
  set(id: string, name: string, value: Json | undefined): void;
  /** Sets a widget, by its index, in the editor's workflow that is written into saved images. */
  setWidget(id: string, index: number, value: Json): void;
  /** The links that leave a node. */
  linksFrom(id: string): readonly PromptLink[];
  /** Sends an event to the clients. */
  send(event: string, data: Readonly<Record<string, unknown>>): void;
}

export interface PromptPreparation {
  /** Runs before all preparations without this flag. */
  readonly first?: boolean;
  /** Called for each node of the type. A DarkroomError that it throws is a validation error. */
  edit(id: string, prompt: PromptEditor): void;
}
