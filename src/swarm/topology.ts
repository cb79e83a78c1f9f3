// The topology of a swarm: which node has which role, state, labels and tasks, for the report.

export interface TopologyNode {
  readonly name: string;
  readonly role: 'manager' | 'worker';
  readonly address: string;
  /** Version of its engine, e.g. `26.1.5+dfsg1`. */
  readonly engine?: string | undefined;
  readonly leader: boolean;
  /** What the swarm says of it: `ready`, `down`, … */
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of the services with a running task here, one entry a task. */
  readonly tasks: readonly string[];
}
