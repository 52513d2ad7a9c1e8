import type { GatewayDeps } from '../deps.ts';
import type { Asked } from '../governed-call.ts';
import type { Exchanged } from '../inbound.ts';
import { definitionText } from '../list.ts';
import type { Message } from '../message.ts';
import { answerFault, answerText } from './answer.ts';
import { readDescribeArguments } from './arguments.ts';
import { searchable, takeLook } from './listing.ts';

/**
 * `describe_tools`: definitions, byte for byte as the whole list has them. A tool that is hidden from the caller is as
 * unknown as one that is not there.
 * @throws AppError
 */
export async function describeTools(deps: GatewayDeps, call: Exchanged, message: Message, asked: Asked): Promise<void> {
  takeLook(deps, call);
  const names = asked.fault ?? readDescribeArguments(message.bytes, asked.args);
  if (typeof names === 'string') return answerFault(deps, call, message, names);
  const { entries, missing } = await searchable(deps, call);
  const wanted = new Set(names);
  const found = new Map(entries.filter(({ name }) => wanted.has(name)).map((entry) => [entry.name, entry]));
  const texts = names.flatMap((name) => {
    const entry = found.get(name);
    return entry === undefined ? [] : [definitionText(deps, call, entry)];
  });
  const unknown = names.filter((name) => !found.has(name)).map((name) => name.slice(0, 128));
  const members = [
    `"tools":[${texts.join(',')}]`,
    ...(unknown.length > 0 ? [`"unknown":${JSON.stringify(unknown)}`] : []),
    ...(missing.length > 0 ? [`"unavailable":${JSON.stringify(missing.map(({ slug }) => slug))}`] : []),
  ];
  answerText(deps, call, message, `{${members.join(',')}}`);
}
