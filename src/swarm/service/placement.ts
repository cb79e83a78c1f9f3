// Where the scheduler may start a task of a service: https://github.com/moby/swarmkit/blob/master/manager/constraint/constraint.go
import { BlockList, isIP } from 'node:net';
import type { Member, ServiceSpec } from '../../lab/engine/api.ts';
import { isSameName } from './service-spec.ts';

/** Returns the active nodes that meet every constraint of the service; a node that is down may come back, so it counts. */
export const eligibleNodes = ({ TaskTemplate }: ServiceSpec, members: readonly Member[]): Member[] =>
  members.filter(
    (member) =>
      member.Spec.Availability === 'active' &&
      (TaskTemplate.Placement?.Constraints ?? []).every((constraint) => meets(member, constraint)),
  );

/** A constraint on anything unknown is met by no node. */
function meets(member: Member, constraint: string): boolean {
  const [, field = '', operator = '', value = ''] = /^\s*(\S+?)\s*(==|!=)\s*(.*?)\s*$/.exec(constraint) ?? [];
  const actual = valueOf(member, field);
  if (actual === undefined) return false;
  const isEqual = isSameName(field, 'node.ip') ? isInRange(actual, value) : isSameName(actual, value);
  return isEqual === (operator === '==');
}

/** Names of fields ignore case, names of labels do not. A label that is missing is empty. */
function valueOf({ ID, Spec, Description, Status }: Member, field: string): string | undefined {
  const label = (prefix: string, labels: Readonly<Record<string, string>> | null = {}) =>
    isSameName(field.slice(0, prefix.length), prefix)
      ? (labels?.[field.slice(prefix.length)] ?? '')
      : undefined;
  const fields: Readonly<Record<string, string>> = {
    'node.id': ID,
    'node.hostname': Description.Hostname,
    'node.ip': Status.Addr ?? '',
    'node.role': Spec.Role,
    'node.platform.os': Description.Platform?.OS ?? '',
    'node.platform.arch': Description.Platform?.Architecture ?? '',
  };
  return (
    fields[field.toLowerCase()] ??
    label('node.labels.', Spec.Labels) ??
    label('engine.labels.', Description.Engine?.Labels)
  );
}

/** @param range an address, or a subnet such as 10.0.0.0/8 */
function isInRange(address: string, range: string): boolean {
  const [network = '', bits] = range.split('/');
  const family = (ip: string) => (isIP(ip) === 6 ? 'ipv6' : 'ipv4');
  if (!isIP(address) || !isIP(network)) return false;
  const list = new BlockList();
  if (bits === undefined) list.addAddress(network, family(network));
  else list.addSubnet(network, Number(bits), family(network));
  return list.check(address, family(address));
}
