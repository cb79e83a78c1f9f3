// Objects of a swarm that are removed: each removal is seen, and refused where it has no effect. One swarm for all tests.
import { expect, test } from 'vitest';
import { disasters } from '../../src/index.ts';
import type { ProofRow } from '../../src/model/disaster.ts';
import { replacing, swarmWith, useSwarm, withoutEffect } from '../support/swarm-lab.ts';

const STACK = (image: string): string => `
services:
  idle:
    image: ${image}
    command: ["python3", "-c", "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(0)); signal.pause()"]
    volumes: [data:/data]
    secrets: [word]
    configs: [setting]
    deploy:
      endpoint_mode: dnsrr
      restart_policy: { delay: 0s }
volumes: { data: {} }
secrets: { word: { name: shop_word, external: true } }
configs: { setting: { name: shop_setting, external: true } }
`;

const lab = useSwarm('disasters-objects', { managers: 1, workers: 0 }, async (swarm) => {
  const { engine } = await swarm.manager();
  const Data = Buffer.from('value').toString('base64');
  for (const Name of ['shop_word', 'spare_word']) await engine.secrets.create({ Name, Data });
  for (const Name of ['shop_setting', 'spare_setting']) await engine.configs.create({ Name, Data });
});

const deploy = async (): Promise<void> => {
  await lab.swarm.deploy('shop', STACK(lab.swarm.imageOf('toolbox')));
  await lab.swarm.converged();
};
const statesOf = (proof: readonly ProofRow[]): string[] =>
  proof.map(({ what, before, after }) => `${what}: ${before} to ${after}`);

test('removes a secret and a config', async () => {
  const secret = await disasters.removeSecrets(lab.swarm, 'spare_word');
  const config = await disasters.removeConfigs(lab.swarm, ['spare_setting']);
  expect(statesOf(disasters.combine(secret, config).proof)).toEqual([
    'secret spare_word: present to gone',
    'config spare_setting: present to gone',
  ]);
});

test('removes a volume that the service creates again', async () => {
  await deploy();
  const { proof } = await disasters.removeVolumes(lab.swarm, 'manager-1', 'shop_data');
  expect(proof).toMatchObject([{ what: 'volume shop_data on manager-1', id: 'shop_data' }]);
  expect(proof[0]?.before).toMatch(/^present, inode \d+ of \d{4}-/);
  expect(proof[0]?.after).not.toBe(proof[0]?.before);
  await lab.swarm.converged();
});

test('removes a service, with its tasks', async () => {
  const { proof } = await disasters.removeServices(lab.swarm, 'shop_idle');
  expect(statesOf(proof)).toEqual(['service shop_idle: present to gone']);
  await expect(lab.swarm.taskContainer('shop_idle')).rejects.toMatchObject({ code: 'no-task' });
});

test('removes a stack with everything of it except its volumes', async () => {
  await deploy();
  const { proof } = await disasters.removeStack(lab.swarm, 'shop');
  expect(statesOf(proof)).toEqual([
    'service shop_idle: present to gone',
    'network shop_default: present to gone',
  ]);
  await lab.swarm.node('manager-1').engine.volumes.inspect('shop_data');
});

test('names what still uses a secret', async () => {
  await deploy();
  await expect(disasters.removeSecrets(lab.swarm, 'shop_word')).rejects.toMatchObject({
    message: expect.stringMatching(/^docker secret rm shop_word: .*in use/) as string,
    hint: expect.stringContaining('removeServices') as string,
  });
});

test('proves nothing where a removal has no effect', async () => {
  const real = lab.swarm.node('manager-1');
  const { engine } = real;
  const refusing = replacing(real, {
    engine: replacing(engine, {
      services: withoutEffect(engine.services, 'remove'),
      volumes: withoutEffect(engine.volumes, 'remove'),
      containers: withoutEffect(engine.containers, 'remove'),
    }),
    exec: async () => '',
  });
  const swarm = swarmWith(lab.swarm, refusing);
  const failures = await Promise.all([
    disasters.removeServices(swarm, 'shop_idle'),
    disasters.removeStack(swarm, 'shop'),
    disasters.removeVolumes(swarm, 'manager-1', 'shop_data'),
  ]);
  for (const { proof } of failures) {
    expect(proof.length).toBeGreaterThan(0);
    for (const { before, after } of proof) expect(after).toBe(before);
  }
});

test.for([
  ['no secret', () => disasters.removeSecrets(lab.swarm, []), /none is named/],
  ['a stack that does not exist', () => disasters.removeStack(lab.swarm, 'none'), /has no stack "none"/],
] as const)('refuses %s', async ([, work, message]) => {
  await expect(work()).rejects.toThrow(message);
});
