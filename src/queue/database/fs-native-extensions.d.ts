declare module 'fs-native-extensions' {
  /**
   * Locks a file for this open file alone, whoever opens it, until it is closed. Returns false when
   * it is locked already. Throws errors of the file system.
   */
  export function tryLock(fd: number): boolean;
}
