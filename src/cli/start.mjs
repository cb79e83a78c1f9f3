#!/usr/bin/env node
// The front door: brings the dependencies and the right Node.js, then hands over to main.ts. Plain JavaScript, so that any
// Node.js from 18 on can read it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDependencies, StartError } from './install.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const main = fileURLToPath(new URL('main.ts', import.meta.url));

try {
  await installDependencies(root);
  await start(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(`swarm-drill: ${error.message}`);
  process.exitCode = error.exitCode;
}

/** `exec <program> …` runs a program of node_modules/.bin, anything else is a command of main.ts. @param {string[]} args */
async function start(args) {
  const node = suitableNode();
  const [command, program, ...rest] = args;
  if (command === 'exec') {
    if (!program || !existsSync(join(bin, program)))
      throw new StartError(`exec: expected a program of node_modules/.bin, got "${program ?? ''}"`, 64);
    return handOver(join(bin, program), rest, 'inherit');
  }
  if (node === process.execPath) return import(main);
  return handOver(node, [main, ...args], 'ipc');
}

/** The Node.js that the dependencies brought, else the running one if it can read TypeScript. */
function suitableNode() {
  const brought = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  if (process.platform === 'linux' && existsSync(brought)) return brought;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 22)) return process.execPath;
  throw new StartError(
    `expected Node.js 22.22 or newer, got ${process.versions.node}\n` +
      `what to do: install Node.js 24; only on Linux (x64, arm64) does swarm-drill bring its own`,
  );
}

/**
 * Becomes the child as far as a caller can see: its streams, its signals, its exit code. Over the `ipc` channel main.ts
 * notices when this process is gone.
 * @param {string} file
 * @param {string[]} args
 * @param {'ipc' | 'inherit'} channel
 */
function handOver(file, args, channel) {
  const child = spawn(file, args, {
    stdio: ['inherit', 'inherit', 'inherit', ...(channel === 'ipc' ? [/** @type {const} */ ('ipc')] : [])],
    env: { ...process.env, PATH: [bin, process.env['PATH']].join(delimiter) },
  });
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  return new Promise((done, fail) => {
    child.once('error', (error) => fail(new StartError(`can't start ${file}: ${error.message}`)));
    child.once('exit', (code, signal) => {
      for (const name of signals) process.removeAllListeners(name);
      if (signal) process.kill(process.pid, signal);
      process.exitCode = code ?? 2;
      done(undefined);
    });
  });
}
