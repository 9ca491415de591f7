// The time that tests may bound: what this process has computed, whatever else the machine does.

/** Milliseconds for which this process has computed so far. */
export const computedMs = (): number => process.cpuUsage().user / 1000;
