// One holder at a time between processes, released by the kernel when the holder dies, however it dies.
// Plain JavaScript without dependencies: start.mjs needs it before there is a Node.js that reads TypeScript.
import { createHash } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PAUSE_MS = 100;

/**
 * Holds the lock called `path` (any path; nothing is written there) while `body` runs.
 * A listening socket is the lock: only one process can listen on a name, and a dead one doesn't. On Linux the name
 * lives in the abstract namespace, so no file is left behind.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} body
 * @param {{ waiting?: () => void, signal?: AbortSignal }} [options] `waiting` is called once when another holds it
 * @returns {Promise<T>}
 */
export async function withLock(path, body, options = {}) {
  const server = await acquire(socketName(path), options);
  try {
    return await body();
  } finally {
    server.close();
  }
}

/** @param {string} path */
function socketName(path) {
  const key = createHash('sha256').update(resolve(path)).digest('hex').slice(0, 24);
  return process.platform === 'linux' ? `\0swarm-drill-${key}` : join(tmpdir(), `swarm-drill-${key}.lock`);
}

/**
 * @param {string} name
 * @param {{ waiting?: () => void, signal?: AbortSignal }} options
 */
async function acquire(name, options) {
  for (let reported = false; ;) {
    options.signal?.throwIfAborted();
    const server = await listen(name);
    if (server) return server;
    if (!reported) options.waiting?.();
    reported = true;
    if (!name.startsWith('\0') && !(await answers(name))) await unlink(name).catch(() => {});
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}

/**
 * @param {string} name
 * @returns {Promise<import('node:net').Server | undefined>} undefined when another process listens there
 */
function listen(name) {
  return new Promise((done, fail) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', (/** @type {NodeJS.ErrnoException} */ error) =>
      error.code === 'EADDRINUSE' ? done(undefined) : fail(error),
    );
    server.listen(name, () => done(server));
  });
}

/**
 * @param {string} name
 * @returns {Promise<boolean>}
 */
function answers(name) {
  return new Promise((done) => {
    const socket = connect(name, () => (socket.destroy(), done(true)));
    socket.once('error', () => done(false));
  });
}
