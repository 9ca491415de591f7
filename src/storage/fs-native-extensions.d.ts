declare module 'fs-native-extensions' {
  /**
   * Locks a file for this open file alone, whoever opens it, until it is closed. Returns false when
   * it is locked already. Throws errors of the file system.
   */
  export function tryLock(fd: number, options?: { readonly shared?: boolean }): boolean;
  /** Makes an exclusive lock a shared one; when it returns false, the lock is lost. */
  export function tryDowngradeLock(fd: number): boolean;
}
