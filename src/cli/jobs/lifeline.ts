// Ends the process of a drill when the program dies, however it dies: an orphan would keep its engine busy and its objects in use.
import { Worker } from 'node:worker_threads';

/** In a thread with its own event loop: a drill whose code never yields must end, too. */
const WATCH = `
  const { Socket } = require('node:net');
  const { workerData } = require('node:worker_threads');
  new Socket({ fd: workerData.fd }).resume().on('error', () => {}).on('close', () => process.kill(workerData.target, 'SIGKILL'));
`;

/**
 * Kills this process, and its process group if it leads one, when the other end of the descriptor is closed.
 * @param fd a pipe whose other end only the program has
 */
export function dieWith(fd: number, target = -process.pid): void {
  const watching = new Worker(WATCH, { eval: true, workerData: { fd, target } });
  watching.unref();
}
