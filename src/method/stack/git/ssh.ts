// The ssh that git starts for the vault's own account: it runs where the account's key is, in a container on a manager, and its
// three streams are this process's.
// Called as: node ssh.ts <the lab's engine> <the node's container> <the container on the node> <what git says to ssh>
import { pipeline } from 'node:stream/promises';
import { connect } from '../../../lab/engine/connect.ts';
import { startProcess } from '../../../lab/engine/process.ts';
import { SSH } from '../../../model/account.ts';

const [lab = '', node = '', tools = '', ...args] = process.argv.slice(2);
const running = await startProcess(connect(lab), node, [
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
