// The engine port over dockerode.
import type Docker from 'dockerode';
import type { Readable } from 'node:stream';
import type { Seconds } from '../../support/clock.ts';
import type {
  ClusterInspection,
  ContainerInspection,
  ContainerSummary,
  EngineInfo,
  Filters,
  ImageInspection,
  ImageSummary,
  LayerChange,
  Member,
  NetworkInspection,
  PluginInspection,
  SecretOrConfig,
  ServiceInspection,
  TaskInspection,
  VolumeInspection,
} from './api.ts';
import type { Engine } from './engine.ts';
import { EngineError } from './errors.ts';
import { demultiplex } from './frames.ts';
import { startProcess } from './exec.ts';
import { startAttached } from './process.ts';
import { refusalOf, sendRequest, type EngineRequest } from './request.ts';

/** @param limit how long the engine may take to answer a request; no limit when left out */
export function dockerEngine(docker: Docker, limit?: Seconds): Engine {
  const send = <T>(request: EngineRequest): Promise<T> => sendRequest<T>(docker, request, limit);
  const get = <T>(path: string, query?: object): Promise<T> => send<T>({ method: 'GET', path, query });
  // The engine answers "null" for an empty list.
  const list = async <T>(path: string, query?: object): Promise<T[]> => {
    const answer = await get<T[] | Buffer>(path, query);
    return Array.isArray(answer) ? answer : [];
  };
  const filtered = (filters?: Filters): object | undefined => filters && { filters };
  const post = async (path: string, body?: object, query?: object): Promise<void> => {
    await send({ method: 'POST', path, body, query });
  };
  const create = async (path: string, body: object, query?: object): Promise<string> => {
    const { ID, Id } = await send<{ ID?: string; Id?: string }>({ method: 'POST', path, body, query });
    return ID ?? Id ?? '';
  };
  const remove = async (path: string, query?: object): Promise<void> => {
    await send({ method: 'DELETE', path, query });
  };
  /** A build, pull or import is answered with 200 first and reports its failure in the stream. */
  const completed = (stream: NodeJS.ReadableStream): Promise<void> =>
    new Promise((done, fail) => {
      docker.modem.followProgress(stream, (error, lines: { error?: string }[] | null) => {
        const failure = lines?.find((line) => line.error !== undefined)?.error;
        if (error) fail(error);
        else if (failure !== undefined) fail(new EngineError(500, failure));
        else done();
      });
    });
  const refused = (error: unknown): never => {
    throw refusalOf(error);
  };
  const secretsOrConfigs = (path: 'secrets' | 'configs'): Engine['secrets'] => ({
    list: () => list<SecretOrConfig>(`/${path}`),
    inspect: (name) => get<SecretOrConfig>(`/${path}/${name}`),
    create: (spec) => create(`/${path}/create`, spec),
    remove: (name) => remove(`/${path}/${name}`),
  });

  return {
    ping: async () => {
      await get('/_ping');
    },
    info: () => get<EngineInfo>('/info'),
    withLimit: (seconds) => dockerEngine(docker, seconds),

    swarm: {
      inspect: () => get<ClusterInspection>('/swarm'),
      init: (options) => post('/swarm/init', options),
      join: (options) => post('/swarm/join', options),
      update: ({ Index }, spec, options) => post('/swarm/update', spec, { version: Index, ...options }),
      unlock: (UnlockKey) => post('/swarm/unlock', { UnlockKey }),
      unlockKey: async () => (await get<{ UnlockKey: string }>('/swarm/unlockkey')).UnlockKey,
    },
    nodes: {
      list: () => list<Member>('/nodes'),
      inspect: (id) => get<Member>(`/nodes/${id}`),
      update: (id, { Index }, spec) => post(`/nodes/${id}/update`, spec, { version: Index }),
      remove: (id) => remove(`/nodes/${id}`, { force: true }),
    },
    services: {
      list: ({ filters, status } = {}) =>
        list<ServiceInspection>('/services', { ...filtered(filters), ...(status && { status }) }),
      inspect: (service) => get<ServiceInspection>(`/services/${service}`),
      create: (spec) => create('/services/create', spec),
      update: (service, { Index }, spec) => post(`/services/${service}/update`, spec, { version: Index }),
      remove: (service) => remove(`/services/${service}`),
    },
    tasks: { list: (filters) => list<TaskInspection>('/tasks', filtered(filters)) },
    secrets: secretsOrConfigs('secrets'),
    configs: secretsOrConfigs('configs'),

    networks: {
      list: (filters) => list<NetworkInspection>('/networks', filtered(filters)),
      inspect: (network) => get<NetworkInspection>(`/networks/${network}`),
      create: (spec) => post('/networks/create', spec),
      remove: (network) => remove(`/networks/${network}`),
      connect: (network, Container, IPv4Address) =>
        post(`/networks/${network}/connect`, {
          Container,
          ...(IPv4Address !== undefined && { EndpointConfig: { IPAMConfig: { IPv4Address } } }),
        }),
      disconnect: (network, Container) => post(`/networks/${network}/disconnect`, { Container, Force: true }),
    },
    volumes: {
      list: async (filters) =>
        (await get<{ Volumes: VolumeInspection[] | null }>('/volumes', filtered(filters))).Volumes ?? [],
      inspect: (volume) => get<VolumeInspection>(`/volumes/${volume}`),
      create: (spec) => post('/volumes/create', spec),
      remove: (volume, options) => remove(`/volumes/${volume}`, options),
    },

    containers: {
      list: ({ all, filters } = {}) =>
        list<ContainerSummary>('/containers/json', { ...(all && { all }), ...filtered(filters) }),
      inspect: (container) => get<ContainerInspection>(`/containers/${container}/json`),
      create: ({ name, ...spec }) => create('/containers/create', spec, name === undefined ? {} : { name }),
      start: (container) => post(`/containers/${container}/start`),
      startAttached: (container, input) => startAttached(docker, container, input).catch(refused),
      stop: (container, { grace, signal } = {}) =>
        post(`/containers/${container}/stop`, undefined, {
          ...(grace !== undefined && { t: grace }),
          ...(signal !== undefined && { signal }),
        }),
      kill: (container) => post(`/containers/${container}/kill`),
      pause: (container) => post(`/containers/${container}/pause`),
      unpause: (container) => post(`/containers/${container}/unpause`),
      remove: (container, { keepVolumes = false } = {}) =>
        remove(`/containers/${container}`, { force: true, ...(!keepVolumes && { v: true }) }),
      changes: (container) => list<LayerChange>(`/containers/${container}/changes`),
      logs: async (container, { tail } = {}) => {
        const raw = await docker
          .getContainer(container)
          .logs({ stdout: true, stderr: true, follow: false, ...(tail !== undefined && { tail }) })
          .catch(refused);
        return demultiplex(raw).toString('utf8');
      },
      readArchive: (container, path) =>
        docker.getContainer(container).getArchive({ path }).catch(refused) as Promise<Readable>,
      async writeArchive(container, path, tar, { keepOwners = false } = {}) {
        // A tar that breaks off would leave the request waiting for the rest.
        const broken = new AbortController();
        tar.once('error', (error) => broken.abort(error));
        const options = { path, abortSignal: broken.signal, ...(keepOwners && { copyUIDGID: '1' }) };
        const sent = docker.getContainer(container).putArchive(tar, options);
        await sent.catch((error: unknown) => {
          // What broke the tar, not that the request was aborted for it.
          broken.signal.throwIfAborted();
          return refused(error);
        });
      },
      startProcess: (container, argv, options) =>
        startProcess(docker, container, argv, options).catch(refused),
    },

    images: {
      list: () => list<ImageSummary>('/images/json'),
      inspect: (image) => get<ImageInspection>(`/images/${image}/json`),
      pull: async (reference) => {
        const stream: NodeJS.ReadableStream = await docker.pull(reference).catch(refused);
        await completed(stream);
      },
      build: async (t, context) => completed(await docker.buildImage(context, { t }).catch(refused)),
      import: async (reference, tar, changes = []) => {
        const [repo, tag] = reference.split(':');
        await completed(await docker.importImage(tar, { repo, tag, changes: [...changes] }).catch(refused));
      },
      save: (reference) => docker.getImage(reference).get().catch(refused) as Promise<Readable>,
      requireInRegistry: async (reference) => {
        await get(`/distribution/${reference}/json`);
      },
    },
    plugins: {
      list: () => list<PluginInspection>('/plugins'),
      create: async (name, file) => {
        await send({ method: 'POST', path: '/plugins/create', query: { name }, file });
      },
      enable: (name, timeout) => post(`/plugins/${name}/enable`, undefined, { timeout }),
    },
  };
}
