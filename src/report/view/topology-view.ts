// The swarm as a diagram: a box per node, with coordinates computed here and drawn by topology.mustache.
import type { NodePicture } from '../../drill/events.ts';
import { pluralize } from './format.ts';

const BOX = { width: 160, gap: 12, columns: 3, head: 56, line: 18, foot: 10 };
const BAND_HEAD = 26;
const LONGEST_TEXT = 19;

export function buildTopology(title: string, nodes: readonly NodePicture[]) {
  if (nodes.length === 0) return null;
  const bands = [];
  let y = 0;
  for (const role of ['manager', 'worker'] as const) {
    const members = nodes.filter((node) => node.role === role);
    if (members.length === 0) continue;
    const boxes = [];
    let top = y + BAND_HEAD;
    for (let first = 0; first < members.length; first += BOX.columns) {
      const line = members
        .slice(first, first + BOX.columns)
        .map((node) => ({ node, lines: buildLines(node) }));
      const height = BOX.head + BOX.foot + BOX.line * Math.max(...line.map(({ lines }) => lines.length));
      boxes.push(
        ...line.map((entry, column) => buildBox(entry, column * (BOX.width + BOX.gap), top, height)),
      );
      top += height + BOX.gap;
    }
    bands.push({ title: pluralize(members.length, role), y: y + 15, boxes });
    y = top + 8;
  }
  const columns = Math.min(BOX.columns, Math.max(...bands.map((band) => band.boxes.length)));
  return {
    title,
    summary: nodes.map(describeNode).join('; '),
    width: columns * (BOX.width + BOX.gap) - BOX.gap + 2,
    height: y - 8 - BOX.gap + 2,
    bands,
  };
}

interface Line {
  readonly text: string;
  readonly kind: 'label' | 'task' | 'none';
}

function buildLines(node: NodePicture): Line[] {
  const tasks = new Map<string, number>();
  for (const task of node.tasks) tasks.set(task, (tasks.get(task) ?? 0) + 1);
  const labels = Object.entries(node.labels).map(([key, value]) => `${key}=${value}`);
  return [
    ...(node.engine === undefined ? [] : [{ text: `engine ${node.engine}`, kind: 'none' as const }]),
    ...(labels.length > 0 ? [{ text: labels.join('  '), kind: 'label' as const }] : []),
    ...[...tasks].map(([name, count]) => ({
      text: count > 1 ? `${name} × ${count}` : name,
      kind: 'task' as const,
    })),
    ...(tasks.size === 0 ? [{ text: 'no task', kind: 'none' as const }] : []),
  ];
}

function buildBox(
  { node, lines }: { node: NodePicture; lines: Line[] },
  x: number,
  y: number,
  height: number,
) {
  return {
    x: x + 1,
    y: y + 1,
    width: BOX.width,
    height,
    name: shorten(node.name, node.leader ? 9 : 18),
    fullName: node.name,
    address: node.address,
    leader: node.leader,
    badgeX: x + BOX.width - 59,
    badgeTextX: x + BOX.width - 32,
    badgeY: y + 9,
    down: node.state !== 'ready',
    state: node.state,
    textX: x + 13,
    nameY: y + 23,
    addressY: y + 41,
    ruleY: y + 51,
    ruleEnd: x + BOX.width + 1,
    lines: lines.map((line, index) => ({
      text: shorten(line.text, LONGEST_TEXT),
      full: line.text,
      kind: line.kind,
      isTask: line.kind === 'task',
      x: line.kind === 'task' ? x + 25 : x + 13,
      y: y + BOX.head + 12 + index * BOX.line,
      dotY: y + BOX.head + 8 + index * BOX.line,
      dotX: x + 16,
    })),
  };
}

const shorten = (text: string, longest: number): string =>
  text.length > longest ? `${text.slice(0, longest - 1)}…` : text;

const describeNode = (node: NodePicture): string =>
  `${node.role} ${node.name} at ${node.address}${node.engine === undefined ? '' : `, engine ${node.engine}`}, ${node.state}${node.leader ? ', leader' : ''}, ${pluralize(node.tasks.length, 'task')}`;
