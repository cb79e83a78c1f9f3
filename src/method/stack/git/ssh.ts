// The ssh program that git starts for the vault's git account. It connects git's standard streams to an ssh in a container on a manager,
// where the account's key is.
// Usage: node ssh.ts <the lab's engine> <the node's container> <the container on the node> <arguments of ssh>
import { pipeline } from 'node:stream/promises';
import { connect } from '../../../lab/engine/connect.ts';
import { SSH } from '../../../vault/ssh-config.ts';

const [lab = '', node = '', tools = '', ...args] = process.argv.slice(2);
const running = await connect(lab).containers.startProcess(node, [
  'docker',
  'exec',
  '--interactive',
  tools,
  ...SSH,
  ...args,
]);
process.stdin.pipe(running.io);
await pipeline(running.io, process.stdout);
process.stderr.write(running.stderr());
process.exit(await running.exitCode());
