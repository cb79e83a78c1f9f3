#!/usr/bin/env node
// The entry point: installs the dependencies and the right Node.js, then starts main.ts. Plain JavaScript, so that any Node.js
// from version 18 can run it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDependencies, StartError } from './install.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const main = fileURLToPath(new URL('main.ts', import.meta.url));
/** Compiled modules of this program, by their content and the version of Node.js: most of the time of a start is compiling. */
const compiled = join(root, 'node_modules', '.cache', 'swarm-drill');

try {
  const installed = await installDependencies(root);
  await start(process.argv.slice(2), installed);
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(`swarm-drill: ${error.message}`);
  process.exitCode = error.exitCode;
}

/**
 * Runs `exec <program> …` from node_modules/.bin; anything else is a command of main.ts.
 * @param {string[]} args
 * @param {boolean} installed whether the dependencies were installed just now
 */
async function start(args, installed) {
  const node = findNode();
  const [command, program, ...rest] = args;
  if (command === 'exec') {
    if (!program || !existsSync(join(bin, program)))
      throw new StartError(`exec: expected a program in node_modules/.bin, got "${program ?? ''}"`, 64);
    return handOver(join(bin, program), rest, 'inherit');
  }
  // npm runs the installed Node.js. If the installation has just replaced it, the path of the running one no longer exists, and
  // worker threads and child processes would fail.
  if (node === process.execPath && !installed) {
    module.enableCompileCache?.(compiled);
    return import(main);
  }
  return handOver(node, [main, ...args], 'ipc');
}

/** Returns the Node.js that the dependencies include, else the running one if it can run TypeScript. */
function findNode() {
  const bundled = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  if (process.platform === 'linux' && existsSync(bundled)) return bundled;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 22)) return process.execPath;
  throw new StartError(
    `expected Node.js 22.22 or newer, got ${process.versions.node}\n` +
      `what to do: Install Node.js 24. swarm-drill includes Node.js only on Linux (x64, arm64).`,
  );
}

/**
 * Returns the streams of the child: this process's, those that an option like `--signing-key-fd 3` names, and the channel.
 * @param {string[]} args
 * @param {'ipc' | 'inherit'} channel
 */
function streamsOf(args, channel) {
  const text = args.join(' ');
  const named = [...text.matchAll(/--[a-z-]+-fd[ =](\d+)/g)].map(([, number]) => Number(number));
  const highest = Math.max(2, ...named.filter((number) => number < 1024));
  /** @type {('inherit' | 'ignore' | 'ipc' | number)[]} */
  const streams = Array.from({ length: highest + 1 }, (_, number) =>
    number < 3 ? 'inherit' : named.includes(number) ? number : 'ignore',
  );
  return channel === 'ipc' ? [...streams, /** @type {const} */ ('ipc')] : streams;
}

/**
 * Runs the child with this process's streams, and passes on signals and its exit code. The `ipc` channel lets main.ts notice
 * when this process is killed.
 * @param {string} file
 * @param {string[]} args
 * @param {'ipc' | 'inherit'} channel
 */
function handOver(file, args, channel) {
  const child = spawn(file, args, {
    stdio: streamsOf(args, channel),
    env: {
      NODE_COMPILE_CACHE: compiled,
      ...process.env,
      PATH: [bin, process.env['PATH']].join(delimiter),
    },
  });
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  return new Promise((done, fail) => {
    child.once('error', (error) => fail(new StartError(`cannot start ${file}: ${error.message}`)));
    child.once('exit', (code, signal) => {
      for (const name of signals) process.removeAllListeners(name);
      if (signal) process.kill(process.pid, signal);
      process.exitCode = code ?? 2;
      done(undefined);
    });
  });
}
