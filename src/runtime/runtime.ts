// placeholder, replaced by the runtime room
export interface Runtime {
  readonly device: string;
}
