import type {
  NetworkInspection,
  Port,
  ServiceInspection,
  ServiceSpec,
  NetworkSpec,
} from '../lab/engine/api.ts';
// Services and networks apart from the swarm that they are in: ids become names, so that one swarm's can be compared with, and
// made anew in, another.

/** `host` and `bridge` as services name them: every swarm brings its own. */
export const isPredefined = ({ Labels }: Pick<NetworkInspection, 'Labels'>): boolean =>
  Labels?.['com.docker.swarm.predefined'] === 'true';

export type ReferenceKind = 'network' | 'secret' | 'config' | 'node';

/** A constraint on one node, taken apart. */
export interface NodeConstraint {
  readonly field: 'node.id' | 'node.hostname';
  readonly operator: string;
  readonly node: string;
  /** The constraint as it was written, on another node. */
  on(node: string): string;
}

/** @returns undefined when it is about something else */
export function nodeConstraint(constraint: string): NodeConstraint | undefined {
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

/** The spec with every reference to another object put through `change`. */
export function withReferences(
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
      const bound = nodeConstraint(constraint);
      return bound?.field === 'node.id' ? bound.on(change('node', bound.node)) : constraint;
    });
  return copy;
}

/**
 * The spec by names: ports that the engine chose are written down, networks stand where they belong today, and how often an
 * update was forced is forgotten.
 * @param nameOf the name of an object by its id
 */
export function portableSpec(
  { Spec, Endpoint }: Pick<ServiceInspection, 'Spec' | 'Endpoint'>,
  nameOf: (id: string) => string | undefined,
): ServiceSpec {
  const { Networks: legacy, ...spec } = withReferences(Spec, (_, id) => nameOf(id) ?? id);
  const { ForceUpdate: _, Networks: own = [], ...template } = spec.TaskTemplate;
  const Networks = own.length > 0 ? own : legacy;
  const { EndpointSpec } = spec;
  return {
    ...spec,
    TaskTemplate: { ...template, ...(Networks ? { Networks } : {}) },
    ...(EndpointSpec?.Ports
      ? { EndpointSpec: { ...EndpointSpec, Ports: assigned(EndpointSpec.Ports, Endpoint?.Ports ?? []) } }
      : {}),
  };
}

/** Asked-for ports with the numbers that the engine gave to those that named none. */
function assigned(asked: readonly Port[], given: readonly Port[]): Port[] {
  const key = ({ Protocol = 'tcp', TargetPort, PublishMode = 'ingress' }: Port): string =>
    [Protocol, TargetPort, PublishMode].join(' ');
  const explicit = new Set(asked.map((port) => `${key(port)} ${port.PublishedPort}`));
  const free = given.filter((port) => !explicit.has(`${key(port)} ${port.PublishedPort}`));
  return asked.map((port) => {
    if (port.PublishedPort) return port;
    const at = free.findIndex((candidate) => key(candidate) === key(port));
    const [found] = at < 0 ? [] : free.splice(at, 1);
    return found?.PublishedPort ? { ...port, PublishedPort: found.PublishedPort } : port;
  });
}

/** What the engine fills in where nothing was said. */
const FILLED_IN: readonly (readonly [path: RegExp, value: unknown])[] = [
  [/^TaskTemplate\.Runtime$/, 'container'],
  [/^TaskTemplate\.ForceUpdate$/, 0],
  [/^TaskTemplate\.ContainerSpec\.Isolation$/, 'default'],
  [/^TaskTemplate\.ContainerSpec\.Privileges\.NoNewPrivileges$/, false],
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

/** The spec without what the engine fills in and without what is empty: equal for two that ask for the same. */
export const comparableSpec = (spec: ServiceSpec): unknown => bare(spec, '');

function bare(value: unknown, path: string): unknown {
  if (value === null || FILLED_IN.some(([where, filled]) => value === filled && where.test(path)))
    return undefined;
  if (typeof value !== 'object') return value;
  const inner = Object.entries(value)
    .map(([key, one]) => [key, bare(one, path ? `${path}.${key}` : key)] as const)
    .filter(([, one]) => one !== undefined);
  if (Array.isArray(value)) return inner.length > 0 ? inner.map(([, one]) => one) : undefined;
  // `{}` says something in a mode alone: global, replicated.
  if (inner.length === 0 && !path.startsWith('Mode.')) return undefined;
  return Object.fromEntries(inner);
}

/** What was asked of a network, as it is asked for again; without the ids that the overlay was given for its tunnels. */
export function networkDefinition(network: NetworkSpec): Record<string, unknown> {
  const loose = network as unknown as Record<string, unknown>;
  const asked = Object.fromEntries(
    [
      'Name',
      'Driver',
      'Attachable',
      'Internal',
      'Ingress',
      'EnableIPv4',
      'EnableIPv6',
      'IPAM',
      'Labels',
      'ConfigFrom',
    ]
      .filter((key) => loose[key] !== undefined && loose[key] !== null)
      .map((key) => [key, loose[key]]),
  );
  if (!network.ConfigFrom?.Network) delete asked['ConfigFrom'];
  const { 'com.docker.network.driver.overlay.vxlanid_list': _, ...Options } = network.Options ?? {};
  return { ...asked, Options };
}

export function subnetsOf(network: Readonly<Record<string, unknown>>): string[] {
  const { Config } = (network['IPAM'] ?? {}) as { Config?: readonly { readonly Subnet?: string }[] | null };
  return (Config ?? []).flatMap(({ Subnet }) => Subnet ?? []);
}

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
