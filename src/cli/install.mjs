// Makes node_modules what package.json and package-lock.json say, once: npm works in a directory of its own, and the result
// is moved into place when it is whole. A start that is killed half-way, or runs beside another, harms nothing.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { withLock } from '../support/lock.mjs';

const STAMP = '.swarm-drill';
const STAGING = '.install-';
const MANIFESTS = ['package.json', 'package-lock.json'];

/** An error that the person can mend; its message is all there is to say. */
export class StartError extends Error {
  /**
   * @param {string} message
   * @param {number} exitCode
   */
  constructor(message, exitCode = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * @param {string} root
 * @throws {StartError} when npm fails
 */
export async function installDependencies(root) {
  const key = keyOf(root);
  if (isInstalled(root, key)) return;
  await withLock(
    join(root, 'node_modules'),
    async () => {
      if (!isInstalled(root, key)) await install(root, key);
    },
    { waiting: () => say('another start is installing the dependencies; waiting for it') },
  );
}

/** @param {string} root */
function keyOf(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const file of MANIFESTS) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/**
 * @param {string} root
 * @param {string} key
 */
function isInstalled(root, key) {
  const stamp = join(root, 'node_modules', STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === key;
}

/**
 * @param {string} root
 * @param {string} key
 */
async function install(root, key) {
  say('installing the dependencies (npm ci); this happens once');
  for (const left of readdirSync(root).filter((name) => name.startsWith(STAGING))) remove(join(root, left));
  const staging = join(root, `${STAGING}${process.pid}`);
  try {
    mkdirSync(staging);
    for (const file of [...MANIFESTS, '.npmrc'])
      if (existsSync(join(root, file))) copyFileSync(join(root, file), join(staging, file));
    await npmCi(staging);
    const made = join(staging, 'node_modules');
    writeFileSync(join(made, STAMP), key);
    if (existsSync(join(root, 'node_modules'))) renameSync(join(root, 'node_modules'), join(staging, 'old'));
    renameSync(made, join(root, 'node_modules'));
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(
      `can't install the dependencies in ${root}: ${error instanceof Error ? error.message : error}`,
    );
  } finally {
    remove(staging);
  }
}

/** @param {string} directory */
function npmCi(directory) {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  const [file, ...leading] = npm();
  const child = spawn(file, [...leading, ...args, `--prefix=${directory}`], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  return new Promise((done, fail) => {
    const failed = (/** @type {string} */ reason) =>
      fail(new StartError(failure(reason, `npm ${args.join(' ')}`, output)));
    child.once('error', (error) => failed(error.message));
    child.once('close', (code, signal) =>
      code === 0 ? done(undefined) : failed(signal ?? `exit code ${code}`),
    );
  });
}

/** The npm that runs this script, else the one on the PATH. @returns {[string, ...string[]]} */
function npm() {
  const running = process.env['npm_execpath'];
  return running && basename(running) === 'npm-cli.js' ? [process.execPath, running] : ['npm'];
}

/**
 * @param {string} reason
 * @param {string} command
 * @param {string} output
 */
function failure(reason, command, output) {
  const lines = output.split('\n').filter((line) => line.trim() && !/^npm (warn|notice)/i.test(line));
  return [
    `the dependencies can't be installed: npm failed (${reason})`,
    `command: ${command}`,
    'output:',
    ...lines.slice(-15).map((line) => `  ${line}`),
    'what to do: npm needs its registry and some 600 MB of free disk; see that `npm ping` answers, then start again',
  ].join('\n');
}

/** @param {string} path */
function remove(path) {
  rmSync(path, { recursive: true, force: true });
}

/** @param {string} text */
function say(text) {
  console.error(`swarm-drill: ${text}`);
}
