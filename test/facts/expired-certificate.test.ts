// docs/swarm-facts.md: a manager with an expired certificate refuses a forced initialisation, until docker-state.json is set aside.
import { describe, expect, test } from 'vitest';
import { ENGINE_VERSIONS } from '../../src/lab/image/engine-versions.ts';
import { seconds } from '../../src/support/clock.ts';
import { failureOf } from '../support/method-lab.ts';
import { docker, forceNewCluster, initSwarm, openFactSite, untilManaging } from '../support/facts.ts';

const CREATE_ROOT =
  'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=swarm-ca -keyout /root/ca.key -out /root/ca.pem';
const CERTIFICATE = '/var/lib/docker/swarm/certificates/swarm-node.crt';
/** Signs a certificate again, valid until now: as if it had not been renewed for 90 days. */
const EXPIRE = `set -eu
cat >/root/node.crt
openssl x509 -in /root/node.crt -CA /root/ca.pem -CAkey /root/ca.key -set_serial 1 -days 0 2>/dev/null
cat /root/ca.pem`;

describe.each(ENGINE_VERSIONS)('engine %s', (version) => {
  test('setting docker-state.json aside lets a forced initialisation through', async () => {
    await using site = await openFactSite('expired', version);
    // OpenSSL of older nodes signs only requests.
    const signing = site.site.withEngineVersion('26.1').startNode({ name: 'worker-1', role: 'worker' });
    const [node, signer] = await Promise.all([site.node(), signing]);
    await initSwarm(node);
    const cluster = await docker(node, 'info', '--format', '{{.Swarm.Cluster.ID}}');
    await signer.exec(['sh', '-c', CREATE_ROOT]);
    for (const file of ['/root/ca.pem', '/root/ca.key'])
      await node.exec(['sh', '-c', `cat >${file}`], { input: await signer.exec(['cat', file]) });
    const root = ['--ca-cert', '/root/ca.pem', '--ca-key', '/root/ca.key'];
    await docker(node, 'swarm', 'ca', '--rotate', '--quiet', ...root);
    const certificate = await signer.exec(['sh', '-c', EXPIRE], {
      input: await node.exec(['cat', CERTIFICATE]),
    });
    await node.exec(['sh', '-c', `cat >${CERTIFICATE}`], { input: certificate });

    const expired = await (await node.stop(seconds(5))).start();
    const state = (of = expired): Promise<string> =>
      docker(of, 'info', '--format', '{{.Swarm.LocalNodeState}}: {{.Swarm.Error}}');
    expect(await state()).toMatch(/^error: .*expired/i);
    expect(String(await failureOf(forceNewCluster(expired)))).toContain('not a swarm manager');

    await expired.exec(['sh', '-c', 'mv /var/lib/docker/swarm/docker-state.json /root/']);
    const again = await (await expired.stop(seconds(5))).start();
    expect(await state(again)).toBe('inactive:');
    await forceNewCluster(again);
    await untilManaging(again);
    expect(await docker(again, 'info', '--format', '{{.Swarm.Cluster.ID}}')).toBe(cluster);
    expect(await state(again)).toBe('active:');
  });
});
