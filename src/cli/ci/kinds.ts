// What `swarm-drill ci init` writes for each CI system or scheduler, and what a person has to do then.
export const CI_KINDS = ['github', 'gitlab', 'jenkins', 'systemd', 'cron'] as const;
export type CiKind = (typeof CI_KINDS)[number];

export interface CiTemplates {
  /** Name of the template, and where it is written, relative to the project. */
  readonly files: Readonly<Record<string, string>>;
  /** What shows that a project uses this kind, relative to the project. */
  readonly sign?: string;
  /** What to do next, a step each. */
  readonly next: readonly string[];
}

const SIGNING = '`swarm-drill keys init` makes a signing key; without one the runs are unsigned.';
const NOTIFY = 'Name in evidence.yml who is informed (`notify:`), and try it with `swarm-drill notify test`.';

export const CI: Readonly<Record<CiKind, CiTemplates>> = {
  github: {
    files: { 'github.yml': '.github/workflows/swarm-drill.yml' },
    sign: '.github',
    next: [
      'Commit the file. The night jobs start when it is on the default branch.',
      `Store the private key as the secret SWARM_DRILL_SIGNING_KEY. ${SIGNING}`,
      'Protect the branch swarm-drill-ledger against force pushes and deletion as soon as it exists: it is the ledger.',
      `${NOTIFY} github-summary and github-comment need no secret.`,
    ],
  },
  gitlab: {
    files: { 'gitlab.yml': '.gitlab/swarm-drill.yml' },
    sign: '.gitlab-ci.yml',
    next: [
      'Include the file in .gitlab-ci.yml (`include: [{ local: .gitlab/swarm-drill.yml }]`), and commit both.',
      'Make two pipeline schedules with the variable SWARM_DRILL_TAG: nightly (17 1 * * *) and weekly (47 3 * * 0).',
      `Store the private key as the protected variable SWARM_DRILL_SIGNING_KEY_FILE of the type File. ${SIGNING}`,
      'Store a project access token with write_repository as the protected, masked variable SWARM_DRILL_LEDGER_TOKEN.',
      'Protect the branch swarm-drill-ledger against force pushes and deletion as soon as it exists: it is the ledger.',
      NOTIFY,
    ],
  },
  jenkins: {
    files: { Jenkinsfile: 'Jenkinsfile.swarm-drill' },
    sign: 'Jenkinsfile',
    next: [
      'Make a pipeline job from this repository, with the script path Jenkinsfile.swarm-drill, and run it once.',
      'Give a disposable agent the label swarm-drill and the directories /var/lib/swarm-drill and /var/cache/swarm-drill.',
      `Store the private key as the secret file swarm-drill-signing-key. ${SIGNING}`,
      NOTIFY,
    ],
  },
  systemd: {
    files: {
      'swarm-drill@.service': 'ci/systemd/swarm-drill@.service',
      'swarm-drill-nightly.timer': 'ci/systemd/swarm-drill-nightly.timer',
      'swarm-drill-weekly.timer': 'ci/systemd/swarm-drill-weekly.timer',
      'signing-key.conf': 'ci/systemd/swarm-drill@.service.d/signing-key.conf',
      'embedded-lab.conf': 'ci/systemd/embedded-lab.conf',
    },
    next: [
      'Create the account: useradd --system --home-dir /var/lib/swarm-drill --groups docker swarm-drill',
      'Install the dependencies as root once, since the service can’t write there: node src/cli/start.mjs doctor',
      'Copy the private key to /etc/swarm-drill/signing-key.pem (owner root, mode 600), or remove swarm-drill@.service.d. ' +
        SIGNING,
      'Copy the units: cp -r ci/systemd/swarm-drill* /etc/systemd/system/',
      'Without Docker: cp ci/systemd/embedded-lab.conf /etc/systemd/system/swarm-drill@.service.d/',
      'Start the timers: systemctl daemon-reload && systemctl enable --now swarm-drill-nightly.timer swarm-drill-weekly.timer',
      'Run a night now: systemctl start --wait swarm-drill@nightly; see it with journalctl -u swarm-drill@nightly',
      NOTIFY,
    ],
  },
  cron: {
    files: {
      'swarm-drill.crontab': 'ci/cron/swarm-drill.crontab',
      'swarm-drill-night.sh': 'ci/cron/swarm-drill-night.sh',
    },
    next: [
      'Create an account that may use Docker: useradd --system --home-dir /var/lib/swarm-drill --groups docker swarm-drill',
      'Give it the directories /var/lib/swarm-drill and /var/cache/swarm-drill.',
      `Copy the private key to /etc/swarm-drill/signing-key.pem (owner swarm-drill, mode 600). ${SIGNING}`,
      'Install the table: crontab -u swarm-drill ci/cron/swarm-drill.crontab (without Docker: -u root, for the embedded lab)',
      NOTIFY,
    ],
  },
};
