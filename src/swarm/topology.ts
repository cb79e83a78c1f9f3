// The topology of a swarm: which node has which role, state, labels and tasks, for the report.

export interface TopologyNode {
  readonly name: string;
  readonly role: 'manager' | 'worker';
  readonly address: string;
  readonly leader: boolean;
  /** What the swarm says of it: `ready`, `down`, … */
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of the services with a running task here, one entry a task. */
  readonly tasks: readonly string[];
}
