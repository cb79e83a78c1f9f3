// Part of `npm run lint`: ruff over the Python files and shellcheck over the shell scripts.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PositionEncoding, Workspace } from '@astral-sh/ruff-wasm-nodejs';

/** @param {readonly string[]} patterns */
const files = (...patterns) =>
  execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', ...patterns], {
    encoding: 'utf8',
  })
    .split('\0')
    .filter(Boolean);

const ruff = new Workspace(
  {
    'target-version': 'py311',
    'line-length': 140,
    lint: { select: ['E', 'F', 'W', 'B', 'UP', 'SIM'] },
  },
  PositionEncoding.Utf16,
);
for (const file of files('*.py'))
  for (const { start_location: at, code, message } of ruff.check(readFileSync(file, 'utf8'))) {
    console.error(`${file}:${at.row}:${at.column}: ${code} ${message}`);
    process.exitCode = 1;
  }

const { error, status } = spawnSync('shellcheck', files('*.sh', '.ci/run'), { stdio: 'inherit' });
if (error) {
  console.error(
    `shellcheck: ${error.message}\nInstall it: apt-get install shellcheck, or brew install shellcheck.`,
  );
  process.exitCode = 1;
} else if (status !== 0) process.exitCode = 1;
