// Words of a message for people: plain lines for mails and chats, Markdown for comments and summaries.
import { formatRpa } from '../drill/writes/data-loss.ts';
import { formatObjective, formatTime, NOT_MEASURED } from '../report/view/format.ts';
import type { DrillLine, Message } from './message.ts';

/** Chats and comments have limits, and no one reads the fiftieth line: the worst drills come first. */
const MOST_DRILLS = 25;
const LONGEST_REASON = 300;

/** Returns `text` with at most `length` characters, the last of which shows that there were more. */
export const shorten = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;

const changeOf = ({ verdict, previous }: DrillLine): string =>
  previous === null ? 'first run' : previous === verdict ? '' : `was ${previous}`;

const rtaOf = ({ rtaSeconds }: DrillLine): string => formatTime(rtaSeconds);
const rpaOf = (drill: DrillLine): string => formatRpa(drill, NOT_MEASURED);

/** Returns what follows the title, a line each. */
export function toLines({ drills, reason, run, link }: Message): string[] {
  return [
    ...(reason === null ? [] : [reason]),
    ...drills.slice(0, MOST_DRILLS).map(toLine),
    ...(drills.length > MOST_DRILLS ? [`and ${drills.length - MOST_DRILLS} more drills`] : []),
    ...(run === null ? [] : [`run: ${run}`]),
    ...(link === null ? [] : [`job: ${link}`]),
  ];
}

function toLine(drill: DrillLine): string {
  const change = changeOf(drill);
  const times = [
    `RTA ${rtaOf(drill)}, RTO ${formatObjective(drill.rtoSeconds)}`,
    `RPA ${rpaOf(drill)}, RPO ${formatObjective(drill.rpoSeconds)}`,
  ].join('; ');
  return `${drill.verdict}: ${drill.name}${change && ` (${change})`}: ${shorten(drill.reason, LONGEST_REASON)} [${times}]`;
}

/** Returns the message as Markdown that GitHub and GitLab render. */
export function toMarkdown({ title, drills, reason, run, link }: Message): string {
  const rows = drills.slice(0, MOST_DRILLS).map((drill) => {
    const { name, verdict, rtoSeconds, rpoSeconds } = drill;
    const mark = verdict === 'recovered' ? verdict : `**${verdict}**`;
    return [
      escapeMarkdown(name),
      mark,
      changeOf(drill),
      `${rtaOf(drill)} of ${formatObjective(rtoSeconds)}`,
      `${rpaOf(drill)} of ${formatObjective(rpoSeconds)}`,
      escapeMarkdown(shorten(drill.reason, LONGEST_REASON)),
    ];
  });
  const table = [
    ['drill', 'verdict', 'change', 'RTA of RTO', 'RPA of RPO', 'reason'],
    Array(6).fill('---'),
    ...rows,
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
  const places = [
    ...(run === null ? [] : [`run ${escapeMarkdown(run)}`]),
    ...(link === null ? [] : [`[job](<${link.replaceAll(/[<>\s]/g, '')}>)`]),
  ];
  return [
    `### ${escapeMarkdown(title)}`,
    ...(reason === null ? [] : [escapeMarkdown(reason)]),
    ...(rows.length === 0 ? [] : [table]),
    ...(drills.length > MOST_DRILLS ? [`and ${drills.length - MOST_DRILLS} more drills`] : []),
    ...(places.length === 0 ? [] : [places.join(', ')]),
  ].join('\n\n');
}

/** Escapes what would be formatting, HTML, a new cell of a table, or a mention that sends a mail to someone. */
export const escapeMarkdown = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_[\]<>|~&]/g, (sign) => `&#${sign.charCodeAt(0)};`)
    .replaceAll('@', '@&#8203;');
