// The body that each kind of webhook expects.
import type { Verdict } from '../drill/verdict/verdict.ts';
import type { Message } from './message.ts';
import { shorten, toLines } from './text.ts';

const ICONS: Readonly<Record<Verdict, string>> = {
  recovered: ':white_check_mark:',
  'not-recovered': ':x:',
  inconclusive: ':warning:',
};

/** Slack refuses a header of more than 150 characters and a section of more than 3,000. */
const SLACK = { header: 150, section: 3000 };

/** See https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. */
export function toSlack(message: Message): object {
  const { title, verdict } = message;
  const icon = verdict === null ? '' : `${ICONS[verdict]} `;
  const lines = toLines(message).map(escapeSlack).join('\n');
  return {
    text: escapeSlack(title),
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', text: shorten(`${icon}${title}`, SLACK.header), emoji: true },
      },
      ...(lines === ''
        ? []
        : [{ type: 'section', text: { type: 'mrkdwn', text: shorten(lines, SLACK.section) } }]),
    ],
  };
}

/** The three characters that start something in a message of Slack, such as a mention of everyone. */
const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Teams refuses messages of more than 28 kB. */
const TEAMS_LINES = 20;

/** See https://learn.microsoft.com/power-automate/teams/send-a-message-in-teams: an adaptive card as a message's attachment. */
export function toTeams(message: Message): object {
  const { title, verdict, link } = message;
  const colour =
    verdict === null
      ? 'Default'
      : { recovered: 'Good', 'not-recovered': 'Attention', inconclusive: 'Warning' }[verdict];
  const text = (line: string, more: object = {}): object => ({
    type: 'TextBlock',
    text: line,
    wrap: true,
    ...more,
  });
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            text(escapeCard(title), { weight: 'Bolder', size: 'Medium', color: colour }),
            ...toLines({ ...message, link: null })
              .slice(0, TEAMS_LINES)
              .map((line) => text(escapeCard(line))),
          ],
          ...(link !== null && { actions: [{ type: 'Action.OpenUrl', title: 'Open the job', url: link }] }),
        },
      },
    ],
  };
}

/** Text blocks render a part of Markdown; a backslash prevents that. */
const escapeCard = (text: string): string => text.replaceAll(/[\\*_[\]]/g, String.raw`\$&`);

/** ntfy sends a message of more than 4,096 bytes as a file. */
const NTFY_BYTES = 4096;

/** See https://docs.ntfy.sh/publish/#publish-as-json: the topic is in the body, so that any character may be in the title. */
export function toNtfy(message: Message, topic: string): object {
  const { title, verdict, link } = message;
  const isProblem = verdict === 'not-recovered' || message.event === 'failed';
  return {
    topic,
    title,
    message: cutToBytes(toLines(message).join('\n'), NTFY_BYTES) || title,
    tags: [verdict === 'recovered' ? 'white_check_mark' : isProblem ? 'x' : 'warning'],
    priority: isProblem ? 5 : verdict === 'inconclusive' ? 4 : 3,
    ...(link !== null && { click: link }),
  };
}

/** Cuts after whole characters. */
function cutToBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  return new TextDecoder().decode(bytes.subarray(0, most - 3), { stream: true }) + '…';
}
