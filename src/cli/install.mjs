// Installs the dependencies once per lock file. npm runs in a separate directory, and the complete result is moved into place,
// so that a start that is killed during the installation, or runs in parallel with another, leaves no broken node_modules.
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

/** An error that the user can fix: its message is printed without a stack. */
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
 * @returns {Promise<boolean>} whether they had to be installed
 * @throws {StartError} when npm fails
 */
export async function installDependencies(root) {
  const key = keyOf(root);
  if (isInstalled(root, key)) return false;
  await withLock(
    join(root, 'node_modules'),
    async () => {
      if (!isInstalled(root, key)) await install(root, key);
    },
    { waiting: () => print('waiting for another process that is installing the dependencies') },
  );
  return true;
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
  print('installing the dependencies (npm ci); needed once');
  for (const leftover of readdirSync(root).filter((name) => name.startsWith(STAGING)))
    remove(join(root, leftover));
  const staging = join(root, `${STAGING}${process.pid}`);
  try {
    mkdirSync(staging);
    for (const file of [...MANIFESTS, '.npmrc'])
      if (existsSync(join(root, file))) copyFileSync(join(root, file), join(staging, file));
    await npmCi(staging);
    const modules = join(staging, 'node_modules');
    writeFileSync(join(modules, STAMP), key);
    if (existsSync(join(root, 'node_modules'))) renameSync(join(root, 'node_modules'), join(staging, 'old'));
    renameSync(modules, join(root, 'node_modules'));
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(
      `cannot install the dependencies in ${root}: ${error instanceof Error ? error.message : error}`,
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

/** Returns the npm that runs this script, else the one in PATH. @returns {[string, ...string[]]} */
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
    `npm ci: failed (${reason}); the dependencies are not installed`,
    `command: ${command}`,
    'output:',
    ...lines.slice(-15).map((line) => `  ${line}`),
    'what to do: Check that `npm ping` works and that 600 MB of disk are free, then start again.',
  ].join('\n');
}

/** @param {string} path */
function remove(path) {
  rmSync(path, { recursive: true, force: true });
}

/** @param {string} text */
function print(text) {
  console.error(`swarm-drill: ${text}`);
}
