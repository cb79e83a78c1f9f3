// The two text formats. Prometheus text 0.0.4 is what the textfile collector of node_exporter reads
// (https://prometheus.io/docs/instrumenting/exposition_formats/); OpenMetrics 1.0 names counters without their suffix, and has units
// and an end (https://prometheus.io/docs/specs/om/open_metrics_spec/).
import type { Family, Sample } from './families.ts';

export function toPrometheusText(families: readonly Family[]): string {
  return families
    .filter(hasSamples)
    .map((family) => {
      const name = sampleName(family);
      return [
        `# HELP ${name} ${escapeHelp(family.help)}`,
        `# TYPE ${name} ${family.type}`,
        ...family.samples.map((sample) => formatSample(name, sample)),
        '',
      ].join('\n');
    })
    .join('');
}

export function toOpenMetrics(families: readonly Family[]): string {
  const text = families
    .filter(hasSamples)
    .map((family) =>
      [
        `# TYPE ${family.name} ${family.type}`,
        ...(family.unit ? [`# UNIT ${family.name} ${family.unit}`] : []),
        `# HELP ${family.name} ${escapeLabel(family.help)}`,
        ...family.samples.map((sample) => formatSample(sampleName(family), sample)),
        '',
      ].join('\n'),
    );
  return `${text.join('')}# EOF\n`;
}

const hasSamples = ({ samples }: Family): boolean => samples.length > 0;

const sampleName = ({ name, type }: Family): string => (type === 'counter' ? `${name}_total` : name);

function formatSample(name: string, { labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', String.raw`\n`);
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', String.raw`\"`);
