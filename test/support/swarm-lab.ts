// A swarm for the tests of a file, and nodes whose operations have no effect.
import { afterAll, beforeAll, inject } from 'vitest';
import { Scope } from '../../src/support/scope.ts';
import { Site } from '../../src/swarm/site.ts';
import { Swarm, type Topology } from '../../src/swarm/swarm.ts';

export interface SwarmLab {
  readonly swarm: Swarm;
  readonly site: Site;
}

/** Starts a swarm for the tests of a file, and prepares it. Its members may be used in hooks and tests only. */
export function useSwarm(
  drill: string,
  topology: Topology,
  prepare: (swarm: Swarm) => Promise<unknown> = async () => {},
): SwarmLab {
  const scope = new Scope();
  const opened: { site?: Site; swarm?: Swarm } = {};
  const require = <T>(what: T | undefined): T => {
    if (what === undefined) throw new Error('the swarm is only there in hooks and tests');
    return what;
  };
  beforeAll(async () => {
    opened.site = await Site.open({ lab: inject('lab'), run: `test-${process.pid}`, drill, scope });
    opened.swarm = await Swarm.start(opened.site, topology);
    await prepare(opened.swarm);
  });
  afterAll(() => scope[Symbol.asyncDispose]());
  return {
    get site() {
      return require(opened.site);
    },
    get swarm() {
      return require(opened.swarm);
    },
  };
}

/** The object, of which some methods do nothing and report success: an operator's command that has no effect. */
export const withoutEffect = <T extends object>(object: T, ...methods: readonly (keyof T)[]): T =>
  replacing(object, Object.fromEntries(methods.map((method) => [method, () => Promise.resolve('')])));

/** The object with other members; methods still see the original. */
export const replacing = <T extends object>(object: T, members: Readonly<Record<string, unknown>>): T =>
  new Proxy(object, {
    get(target, name) {
      if (Object.hasOwn(members, name)) return members[name as string];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });

/** The swarm with some of its nodes replaced. */
export const swarmWith = (swarm: Swarm, ...nodes: Swarm['nodes'][number][]): Swarm =>
  new Swarm(
    swarm.site,
    swarm.nodes.map((node) => nodes.find(({ name }) => name === node.name) ?? node),
  );
