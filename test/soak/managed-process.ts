// A server or worker that the soak starts, stops, kills and starts again.
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from './event-log.ts';
import { engineOf, isRunning } from './proc.ts';

/** `starting` until it is ready, `paused` between SIGSTOP and SIGCONT. */
export type ProcessState = 'starting' | 'up' | 'paused' | 'ending' | 'down';

export interface ManagedProcess {
  readonly name: string;
  state(): ProcessState;
  /** When the state last changed, in ms of `performance.now()`. */
  changedAt(): number;
  pid(): number | undefined;
  engine(): number | undefined;
  /** Starts it, and waits until it is ready. */
  start(): Promise<void>;
  /** Waits until it is ready after a restart or a pause. */
  whenUp(): Promise<void>;
  /** Kills it, and checks that its engine process ends too. */
  kill(): Promise<void>;
  /** Stops it by SIGTERM; it must end with 0. */
  stop(): Promise<void>;
  /** Stops it for some time, as a machine that sleeps. */
  pause(ms: number): Promise<void>;
  /** Ends it without any check. */
  abandon(): void;
}

export interface ProcessPlan {
  readonly name: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly program: string;
  /** Standard output and error are appended there. */
  readonly outputFile: string;
  /** Whether something is broken that may keep it from starting. */
  isExcused(): boolean;
  /** Whether it is ready to work; `printed` is what it printed since its start. */
  isReady(printed: string): Promise<boolean>;
}

const READY_MS = 120_000;
const STOP_MS = 60_000;
const ORPHAN_MS = 30_000;
const PRINTED = 4000;
const RESTART_MS = 1000;

export function manageProcess(plan: ProcessPlan, log: EventLog): ManagedProcess {
  const output = createWriteStream(plan.outputFile, { flags: 'a' });
  let child: ChildProcess | undefined;
  let exited: Promise<number | string> = Promise.resolve(0);
  let state: ProcessState = 'down';
  let printed = '';
  let closed = false;
  let changedAt = performance.now();
  const become = (next: ProcessState): void => {
    state = next;
    changedAt = performance.now();
  };

  /** Unless it ended while it was paused. */
  const resume = (): void => {
    if (state === 'paused') become('up');
  };

  const endedByItself = (before: ProcessState, code: unknown): void => {
    const message = `ended by itself with ${code}: ${printed.slice(-500)}`;
    if (before === 'starting' && plan.isExcused()) log.event(message, plan.name);
    else log.violation(message, plan.name);
    // one that was starting is started again by `start`
    if (before !== 'starting') void start();
  };

  const launch = (): void => {
    become('starting');
    const started = spawn(process.execPath, [plan.program, ...plan.args], {
      cwd: plan.folder,
      env: { ...process.env, ...plan.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C at the terminal is for the soak alone
      detached: true,
    });
    printed = '';
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (data: Buffer) => {
        output.write(data);
        printed = (printed + data).slice(-PRINTED);
      });
    child = started;
    exited = new Promise((resolve) => {
      started.once('exit', (code, signal) => {
        const before = state;
        become('down');
        if (before !== 'ending') endedByItself(before, code ?? signal);
        resolve((code ?? signal) as number | string);
      });
    });
    log.event(`started as ${started.pid}`, plan.name);
  };

  /** Starts it once. Returns false when it ended before it was ready. */
  const tryStart = async (): Promise<boolean> => {
    launch();
    for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(200)) {
      if (state !== 'starting') return false;
      if (!(await plan.isReady(printed).catch(() => false))) continue;
      become('up');
      log.event('is ready', plan.name);
      return true;
    }
    log.violation(`was not ready within ${READY_MS / 1000} s`, plan.name);
    become('up');
    return true;
  };

  const start = async (): Promise<void> => {
    while (state === 'down' && !closed && !(await tryStart())) await sleep(RESTART_MS);
  };

  const checkOrphan = async (engine: number | undefined): Promise<void> => {
    if (engine === undefined) return;
    for (const end = Date.now() + ORPHAN_MS; isRunning(engine); await sleep(100))
      if (Date.now() > end) {
        log.violation(`its engine process ${engine} outlived it`, plan.name);
        process.kill(engine, 'SIGKILL');
        return;
      }
  };

  const end = async (signal: NodeJS.Signals, withinMs: number): Promise<void> => {
    const engine = engineOf(child?.pid ?? 0);
    if (state === 'down') return;
    become('ending');
    log.event(signal, plan.name);
    child?.kill(signal);
    const code = await Promise.race([exited, sleep(withinMs, 'late' as const, { ref: false })]);
    if (code === 'late') {
      log.violation(`did not end within ${withinMs / 1000} s after ${signal}`, plan.name);
      child?.kill('SIGKILL');
      await exited;
    } else if (signal === 'SIGTERM' && code !== 0)
      log.violation(`ended with ${code} after SIGTERM`, plan.name);
    await checkOrphan(engine);
  };

  return {
    name: plan.name,
    state: () => state,
    changedAt: () => changedAt,
    pid: () => (state === 'down' ? undefined : child?.pid),
    engine: () => (state === 'down' || !child?.pid ? undefined : engineOf(child.pid)),
    start,
    whenUp: async () => {
      while (state !== 'up') await sleep(100);
    },
    kill: () => end('SIGKILL', ORPHAN_MS),
    stop: () => end('SIGTERM', STOP_MS),
    pause: async (ms) => {
      if (state !== 'up') return;
      become('paused');
      log.event(`SIGSTOP for ${Math.round(ms)} ms`, plan.name);
      child?.kill('SIGSTOP');
      await sleep(ms);
      child?.kill('SIGCONT');
      log.event('SIGCONT', plan.name);
      resume();
    },
    abandon: () => {
      closed = true;
      if (state === 'down') return;
      become('ending');
      child?.kill('SIGKILL');
    },
  };
}
