// A stack with one of everything that a service definition may contain, for the tests of service export.
import { randomBytes } from 'node:crypto';
import type { Swarm } from '../../src/swarm/swarm.ts';

const COMPOSE = `
version: '3.8'
services:
  web:
    image: \${TOOLBOX_IMAGE}
    command: ['sleep', 'infinity']
    hostname: web-{{.Task.Slot}}
    environment: { PLAIN: 'a b', EMPTY: '' }
    labels: { inner: label }
    secrets: [{ source: token, target: the-token, uid: '1000', gid: '1001', mode: 0400 }]
    configs: [{ source: settings, target: /etc/settings.bin, uid: '1000', gid: '0', mode: 0440 }, { source: greeting }]
    networks: { front: { aliases: [www] }, back: }
    ports:
      - { target: 8080, mode: ingress }
      - { target: 8080, protocol: udp, mode: ingress }
      - { target: 8081, published: 8090, mode: ingress }
      - { target: 9090, published: 9090, mode: host }
    volumes:
      - { type: bind, source: /tmp, target: /host-tmp, read_only: true }
      - { type: volume, source: data, target: /data, volume: { nocopy: true } }
    healthcheck: { test: ['CMD', 'true'], interval: 1s, retries: 3 }
    stop_grace_period: 1s
    init: true
    cap_add: [NET_ADMIN]
    sysctls: { net.core.somaxconn: 100 }
    logging: { driver: json-file, options: { max-size: 1m } }
    deploy:
      replicas: 1
      labels: { tier: web }
      placement: { constraints: ['node.labels.zone == b'], preferences: [{ spread: node.labels.rack }] }
      update_config: { parallelism: 2, order: start-first, failure_action: rollback, delay: 3s }
      rollback_config: { parallelism: 1, order: stop-first }
      restart_policy: { condition: on-failure, delay: 1s, max_attempts: 3 }
      resources: { limits: { memory: 64M }, reservations: { cpus: '0.01' } }
  agent:
    image: \${TOOLBOX_IMAGE}
    command: ['sleep', 'infinity']
    stop_grace_period: 1s
    networks: [back]
    deploy: { mode: global, endpoint_mode: dnsrr, labels: { tier: agent } }
  batch:
    image: \${TOOLBOX_IMAGE}
    command: ['true']
    networks: [back]
    deploy: { replicas: 0, endpoint_mode: dnsrr }
networks:
  front: { driver: overlay, attachable: true, ipam: { config: [{ subnet: 10.77.0.0/24 }] }, driver_opts: { com.docker.network.driver.mtu: '1400' }, labels: { purpose: front } }
  back: { driver: overlay, internal: true }
volumes: { data: { labels: { purpose: data } } }
secrets: { token: { external: true, name: wide_token } }
configs:
  settings: { external: true, name: wide_settings }
  greeting: { external: true, name: wide_greeting }
`;
const LABELS = { 'com.docker.stack.namespace': 'wide', keeper: 'both' };

/** Deploys the stack, and returns the values of its secrets. */
export async function deployWideStack(swarm: Swarm): Promise<Map<string, Buffer>> {
  const manager = await swarm.manager();
  const { engine } = manager;
  const image = swarm.imageOf('toolbox');
  const sh = (script: string): Promise<string> => manager.exec(['sh', '-euc', script, image]);
  const values = new Map([
    ['wide_token', randomBytes(32)],
    ['unmounted', Buffer.from('no task mounts me')],
  ]);

  await swarm.label('worker-1', { zone: 'b', rack: '1' });
  await swarm.label('manager-1', { zone: 'a' });
  for (const [Name, value] of values)
    await engine.secrets.create({ Name, Labels: LABELS, Data: value.toString('base64') });
  for (const [Name, value, more] of [
    ['wide_settings', randomBytes(1000), {}],
    [
      'wide_greeting',
      Buffer.from('{{ .Service.Name }} {{ .Task.ID }} {{.Node.ID}}'),
      { Templating: { Name: 'golang' } },
    ],
    ['credentials', Buffer.from('{}'), {}],
  ] as const)
    await engine.configs.create({ Name, Labels: LABELS, Data: value.toString('base64'), ...more });
  await swarm.deploy('wide', COMPOSE, { TOOLBOX_IMAGE: image });

  await sh(`docker service create --quiet --detach --name on-host --network host "$0" sleep infinity
    docker service create --quiet --detach --name pinned --constraint "node.id==$(docker node inspect worker-1 --format '{{.ID}}')" "$0" sleep infinity
    docker service create --quiet --detach --name by-hostname --constraint node.hostname==worker-1 "$0" sleep infinity
    docker service create --quiet --detach --name credentialed --replicas 0 --credential-spec config://credentials "$0" sleep infinity
    docker service create --quiet --detach --name counted --mode replicated-job --replicas 2 --max-concurrent 1 --restart-condition none "$0" true
    docker service create --quiet --detach --name forced "$0" sleep infinity`);
  // With networks in the place that clients before API 1.25 used.
  await engine.services.create({
    Name: 'legacy',
    Labels: { old: 'client' },
    TaskTemplate: { ContainerSpec: { Image: image, Command: ['sleep', 'infinity'], StopGracePeriod: 1e9 } },
    Networks: [{ Target: 'wide_front', Aliases: ['grandfather'] }],
  });
  await swarm.converged(undefined, ['wide_web', 'wide_agent', 'legacy', 'pinned', 'by-hostname', 'forced']);
  await sh('docker service update --quiet --detach --force --env-add ROUND=2 forced');
  return values;
}
