import { expect, test } from 'vitest';
import { renderTemplate, taskFacts, withoutTaskFacts } from '../../../src/check/rendered-template.ts';

const labels = (slot: string, id: string) => ({
  'com.docker.swarm.service.id': 'service-id',
  'com.docker.swarm.service.name': 'shop_web',
  'com.docker.swarm.node.id': 'node-id',
  'com.docker.swarm.task.id': id,
  'com.docker.swarm.task.name': `shop_web.${slot}.${id}`,
});
const facts = taskFacts(labels('3', 'task-id'), 'db');
const rendered = (source: string) => renderTemplate(Buffer.from(source), facts)?.toString();

test('renders what a template inserts about its task', () => {
  expect(
    rendered('{{.Task.Slot}} {{ .Task.Name }} {{.Task.ID}} ü {{.Node.Hostname}}{{ .Service.Name }}'),
  ).toBe('3 shop_web.3.task-id task-id ü dbshop_web');
  expect(taskFacts(labels('node-id', 'task-id'), 'db')['Task.Slot']).toBe('node-id');
});

test('does not render a function, a label or a trimmed action', () => {
  for (const source of ['{{ env "A" }}', '{{.Service.Labels.a}}', '{{- .Task.ID -}}', '{{ .Task.Unknown }}'])
    expect(rendered(source)).toBeUndefined();
});

test('takes out what only the task knows, and leaves the parts of other words', () => {
  const other = taskFacts(labels('3', 'other-task'), 'node-2');
  const text = (host: string, task: string, more = ''): Buffer =>
    Buffer.from(`dbname=db1 at ${host}, task ${task}, on ${host}.example.org${more}`);
  expect(withoutTaskFacts(text('db', 'task-id'), facts)).toEqual(
    withoutTaskFacts(text('node-2', 'other-task'), other),
  );
  expect(withoutTaskFacts(text('db', 'task-id'), facts).toString()).toMatch(/^dbname=db1 at \{\{ \.Node/);
  expect(withoutTaskFacts(text('db', 'task-id'), facts)).not.toEqual(
    withoutTaskFacts(text('node-2', 'other-task', ' changed'), other),
  );
});
