// Answers from a thread or a child process, for the tests of start-module.ts.
import { parentPort, workerData } from 'node:worker_threads';

if (parentPort) parentPort.postMessage(`thread: ${workerData}`);
else process.send!('process');
