// Whether the time of the database can be relied on to tell which leases have ended.

export interface ClockWatch {
  /**
   * Is told the time of the database, regularly, and returns whether all holders of leases have had
   * the time to renew them: not within the time of a lease after the first call, after a jump of
   * the clock, and after a time in which this process, or the machine, was suspended.
   */
  isSettled(databaseMs: number): boolean;
}

/** `intervalMs` is the time between two calls. */
export function createClockWatch(leaseMs: number, intervalMs: number): ClockWatch {
  let last = Number.NaN;
  let since = Number.NaN;
  return {
    isSettled: (now) => {
      // what is longer than half a lease leaves holders too little time; NaN at the first call
      const isContinuous = now >= last && now - last < intervalMs + leaseMs / 2;
      if (!isContinuous) since = now;
      last = now;
      return now - since >= leaseMs;
    },
  };
}
