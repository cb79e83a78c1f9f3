// Reads the values of secrets from running tasks, which have them as files: for when no sealed file was kept.
import { bytesOf } from '../../lab/engine/process.ts';
import { finding } from '../../support/errors.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import type { SecretValues } from './sealed-secrets.ts';

/**
 * Returns the value of every secret that a running task has mounted. Other secrets are missing; a restore then refuses with their names.
 * @throws DrillError `secret-unreadable` when the file can't be read in the task (its image needs `cat`)
 */
export async function readSecretsInTasks(swarm: Swarm): Promise<SecretValues> {
  const { engine } = await swarm.manager();
  const values = new Map<string, Buffer>();
  for (const { Spec } of await engine.services.list()) {
    const mounted = (Spec.TaskTemplate.ContainerSpec?.Secrets ?? []).filter(
      ({ SecretName }) => !values.has(SecretName),
    );
    const task = mounted.length > 0 && (await swarm.taskContainer(Spec.Name).catch(() => undefined));
    if (!task) continue;
    for (const { SecretName, File } of mounted) {
      const file = File?.Name ?? SecretName;
      const path = file.startsWith('/') ? file : `/run/secrets/${file}`;
      const { bytes, exitCode, stderr } = await bytesOf(
        await task.node.engine.containers.startProcess(task.id, ['cat', path], { user: '0' }),
      );
      if (exitCode !== 0)
        throw finding(`cannot read secret ${SecretName} in a task of ${Spec.Name}`, {
          code: 'secret-unreadable',
          node: task.node.name,
          output: stderr,
        });
      values.set(SecretName, bytes);
    }
  }
  return values;
}
