// Secrets and configs with `template_driver: golang`: the engine renders one for each task, with what only that task knows, so two good
// copies differ by design. Its source, or what is the same in every task, is compared instead.
import type { Labels } from '../lab/engine/api.ts';

/** What a template can insert: https://docs.docker.com/reference/cli/docker/service/create/#create-services-using-templates */
export interface TaskFacts {
  readonly 'Service.ID': string;
  readonly 'Service.Name': string;
  readonly 'Node.ID': string;
  readonly 'Node.Hostname': string;
  readonly 'Task.ID': string;
  readonly 'Task.Name': string;
  readonly 'Task.Slot': string;
}

/** @param labels of the task's container */
export function taskFacts(labels: Labels, hostname: string): TaskFacts {
  const label = (name: string): string => labels[`com.docker.swarm.${name}`] ?? '';
  const service = label('service.name');
  const id = label('task.id');
  const task = label('task.name');
  return {
    'Service.ID': label('service.id'),
    'Service.Name': service,
    'Node.ID': label('node.id'),
    'Node.Hostname': hostname,
    'Task.ID': id,
    'Task.Name': task,
    // `<service>.<slot>.<id>`; a task of a global service has the id of its node for a slot.
    'Task.Slot': task.slice(service.length + 1, -id.length - 1),
  };
}

/** Returns what the source renders to in the task; undefined if it calls a function, which is not evaluated here. */
export function renderTemplate(source: Buffer, facts: TaskFacts): Buffer | undefined {
  const text = source
    .toString('latin1')
    .replaceAll(/\{\{ *\.([A-Z]\w+\.[A-Z]\w+) *\}\}/g, (action, name: string) =>
      name in facts ? Buffer.from(facts[name as keyof TaskFacts]).toString('latin1') : action,
    );
  return text.includes('{{') ? undefined : Buffer.from(text, 'latin1');
}

/** Returns the bytes with names in place of what only the task knows. */
export function withoutTaskFacts(rendered: Buffer, facts: TaskFacts): Buffer {
  const names = ['Task.Name', 'Task.ID', 'Service.ID', 'Node.ID', 'Node.Hostname'] as const;
  const text = names.reduce(
    (rest, name) => rest.replaceAll(asWord(facts[name]), `{{ .${name} }}`),
    rendered.toString('latin1'),
  );
  return Buffer.from(text, 'latin1');
}

/** A host name may be a part of any other word. */
const asWord = (value: string): RegExp =>
  value === '' ? /(?!)/g : new RegExp(`(?<![\\w-])${value.replaceAll(/\W/g, '\\$&')}(?![\\w-])`, 'g');
