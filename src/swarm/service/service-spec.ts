// Service specs that can be compared between swarms, and created on another swarm: with names instead of ids.
import type { Port, ServiceInspection, ServiceSpec } from '../../lab/engine/api.ts';

/** Every object of a stack has it, with the name of the stack. */
export const STACK_LABEL = 'com.docker.stack.namespace';

export type ReferenceKind = 'network' | 'secret' | 'config' | 'node';

/** A parsed constraint on one node. */
export interface NodeConstraint {
  readonly field: 'node.id' | 'node.hostname';
  readonly operator: string;
  readonly node: string;
  /** Returns the constraint as it was written, with another node. */
  on(node: string): string;
}

/** The scheduler ignores case: https://github.com/moby/swarmkit/blob/master/manager/constraint/constraint.go */
export const isSameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Returns undefined for a constraint on anything else than a node's id or host name. */
export function parseNodeConstraint(constraint: string): NodeConstraint | undefined {
  const [, start = '', field = '', operator = '', node = ''] =
    /^(\s*(node\.(?:id|hostname))\s*(==|!=)\s*)(\S+)\s*$/i.exec(constraint) ?? [];
  if (!node) return undefined;
  return {
    field: field.toLowerCase() as NodeConstraint['field'],
    operator,
    node,
    on: (other) => `${start}${other}`,
  };
}

/** Returns a copy of the spec with every reference to another object replaced by what `change` returns. */
export function mapReferences(
  spec: ServiceSpec,
  change: (kind: ReferenceKind, reference: string) => string,
): ServiceSpec {
  const copy = structuredClone(spec) as Mutable<ServiceSpec>;
  const { Networks, ContainerSpec, Placement } = copy.TaskTemplate;
  for (const one of [...(Networks ?? []), ...(copy.Networks ?? [])])
    one.Target = change('network', one.Target);
  for (const one of ContainerSpec?.Secrets ?? []) one.SecretID = change('secret', one.SecretID);
  for (const one of ContainerSpec?.Configs ?? []) one.ConfigID = change('config', one.ConfigID);
  const credentials = ContainerSpec?.Privileges?.CredentialSpec;
  if (credentials?.Config) credentials.Config = change('config', credentials.Config);
  if (Placement?.Constraints)
    Placement.Constraints = Placement.Constraints.map((constraint) => {
      const bound = parseNodeConstraint(constraint);
      return bound?.field === 'node.id' ? bound.on(change('node', bound.node)) : constraint;
    });
  return copy;
}

/**
 * Returns a spec that can be created on another swarm: with names instead of ids, with the ports that the engine chose, with networks
 * in the task template, and without the number of forced updates.
 * @param nameOf returns the name of an object by its id
 */
export function toPortableSpec(
  { Spec, Endpoint }: Pick<ServiceInspection, 'Spec' | 'Endpoint'>,
  nameOf: (id: string) => string | undefined,
): ServiceSpec {
  const { Networks: legacy, ...spec } = mapReferences(Spec, (_, id) => nameOf(id) ?? id);
  const { ForceUpdate: _, Networks: own = [], ...template } = spec.TaskTemplate;
  const Networks = own.length > 0 ? own : legacy;
  const { EndpointSpec } = spec;
  return {
    ...spec,
    TaskTemplate: { ...template, ...(Networks ? { Networks } : {}) },
    ...(EndpointSpec?.Ports
      ? { EndpointSpec: { ...EndpointSpec, Ports: fillInPorts(EndpointSpec.Ports, Endpoint?.Ports ?? []) } }
      : {}),
  };
}

/** Returns the requested ports, with the engine's choice where a port has no published number. */
function fillInPorts(requested: readonly Port[], assigned: readonly Port[]): Port[] {
  const key = ({ Protocol = 'tcp', TargetPort, PublishMode = 'ingress' }: Port): string =>
    [Protocol, TargetPort, PublishMode].join(' ');
  const explicit = new Set(requested.map((port) => `${key(port)} ${port.PublishedPort}`));
  const free = assigned.filter((port) => !explicit.has(`${key(port)} ${port.PublishedPort}`));
  return requested.map((port) => {
    if (port.PublishedPort) return port;
    const at = free.findIndex((candidate) => key(candidate) === key(port));
    const [found] = at < 0 ? [] : free.splice(at, 1);
    return found?.PublishedPort ? { ...port, PublishedPort: found.PublishedPort } : port;
  });
}

/** Defaults that the engine fills in: https://github.com/moby/moby/tree/v26.1.5/daemon/cluster/convert */
const DEFAULTS: readonly (readonly [path: RegExp, value: unknown])[] = [
  [/^TaskTemplate\.Runtime$/, 'container'],
  [/^TaskTemplate\.ForceUpdate$/, 0],
  [/^TaskTemplate\.ContainerSpec\.Isolation$/, 'default'],
  [/^TaskTemplate\.ContainerSpec\.Privileges\.NoNewPrivileges$/, false],
  [/^TaskTemplate\.ContainerSpec\.Privileges\.SELinuxContext\.Disable$/, false],
  [/^TaskTemplate\.ContainerSpec\.Privileges\.(Seccomp|AppArmor)\.Mode$/, 'default'],
  [/^TaskTemplate\.ContainerSpec\.Mounts\.\d+\.BindOptions\.Propagation$/, 'rprivate'],
  [/^TaskTemplate\.RestartPolicy\.Condition$/, 'any'],
  [/^TaskTemplate\.RestartPolicy\.MaxAttempts$/, 0],
  [/^(UpdateConfig|RollbackConfig)\.FailureAction$/, 'pause'],
  [/^(UpdateConfig|RollbackConfig)\.Order$/, 'stop-first'],
  [/^(UpdateConfig|RollbackConfig)\.MaxFailureRatio$/, 0],
  [/^Mode\.Replicated\.Replicas$/, 1],
  [/^EndpointSpec\.Mode$/, 'vip'],
  [/^EndpointSpec\.Ports\.\d+\.Protocol$/, 'tcp'],
  [/^EndpointSpec\.Ports\.\d+\.PublishMode$/, 'ingress'],
];

/** Fields that a client sends and the engine does not store: they have a meaning only for Docker Desktop. */
const NOT_STORED = /^TaskTemplate\.ContainerSpec\.Mounts\.\d+\.Consistency$/;

/** Returns the spec without defaults and without empty fields, so that specs that ask for the same are equal. */
export const toComparableSpec = (spec: ServiceSpec): unknown => omitDefaults(withJobNumbers(spec), '');

/** A job runs once by default, and all at once. */
function withJobNumbers(spec: ServiceSpec): ServiceSpec {
  const job = spec.Mode?.ReplicatedJob;
  if (!job) return spec;
  const MaxConcurrent = job.MaxConcurrent ?? 1;
  const TotalCompletions = job.TotalCompletions ?? MaxConcurrent;
  return { ...spec, Mode: { ReplicatedJob: { MaxConcurrent, TotalCompletions } } };
}

function omitDefaults(value: unknown, path: string): unknown {
  const isDefault = DEFAULTS.some(([where, byDefault]) => value === byDefault && where.test(path));
  if (value === null || isDefault || NOT_STORED.test(path)) return undefined;
  if (typeof value !== 'object') return value;
  const inner = Object.entries(value)
    .map(([key, one]) => [key, omitDefaults(one, path ? `${path}.${key}` : key)] as const)
    .filter(([, one]) => one !== undefined);
  if (Array.isArray(value)) return inner.length > 0 ? inner.map(([, one]) => one) : undefined;
  // `{}` has a meaning only in a mode: global, replicated.
  if (inner.length === 0 && !path.startsWith('Mode.')) return undefined;
  return Object.fromEntries(inner);
}

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
