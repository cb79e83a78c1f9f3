// The routing mesh and virtual IPs: real traffic through every node, if the kernel supports it.
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Node } from '../swarm/node/node.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { Check } from '../model/check.ts';

/**
 * Sends an HTTP request for `path` to the published `port` on every node, and expects status 200. Unproven if the kernel has no IPVS:
 * virtual IPs and the mesh then carry no traffic although everything looks healthy (moby#24005, moby#28168).
 */
export const routingMeshAnswers = (swarm: Swarm, port: number, path = '/healthz'): Check => ({
  name: 'routing mesh answers',
  required: false,
  doesNotProve: 'that a load balancer in front of it finds the nodes',
  covers: ['routing mesh'],
  async observe() {
    const [first] = swarm.nodes;
    if (!first || !(await hasIpvs(first)))
      return {
        unproven: 'the kernel has no IPVS (ip_vs): virtual IPs and the routing mesh carry no traffic here',
      };
    const answers = await Promise.all(
      swarm.nodes.map(async (node) => ({ node, answer: await ask(node, port, path) })),
    );
    return {
      compared: answers.length,
      differences: answers
        .filter(({ answer }) => !/^HTTP\/1\.[01] 200/.test(answer))
        .map(({ node, answer }) => `${node.name}: ${answer.slice(0, 80) || 'no answer'}`),
    };
  },
});

async function hasIpvs(node: Node): Promise<boolean> {
  if (existsSync('/proc/net/ip_vs')) return true;
  const script =
    'test -e /proc/net/ip_vs || modprobe ip_vs 2>/dev/null; test -e /proc/net/ip_vs && echo yes || echo no';
  return (await node.exec(['sh', '-c', script])).trim() === 'yes';
}

async function ask(node: Node, port: number, path: string): Promise<string> {
  const socket = await node.dial(port, node.address);
  const limit = setTimeout(() => socket.destroy(), 5000);
  socket.write(`GET ${path} HTTP/1.0\r\nHost: mesh\r\n\r\n`);
  return text(socket)
    .catch((error: unknown) => String(error))
    .finally(() => clearTimeout(limit));
}
