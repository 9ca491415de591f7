/** The shells that completion is printed for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
