import { describe, expect, it } from 'vitest';
import type { UpstreamAsk } from '../upstreams/conversation.ts';
import { readMessage } from '../upstreams/reply.ts';
import { ParkedCalls, type ParkedOwner } from './parked-calls.ts';

const owner = (tokenId: string): ParkedOwner => ({
  principal: {
    workspaceId: 'w1',
    tokenId,
    kind: 'member',
    memberId: 'm1',
    machineId: null,
    teams: [],
    label: 'laptop',
    scope: null,
  },
  target: { server: { slug: 'github' }, definition: { name: 'delete_repo' } },
});

function asking(method = 'elicitation/create'): UpstreamAsk & { readonly heard: string[] } {
  const heard: string[] = [];
  const text = `{"jsonrpc":"2.0","id":7,"method":"${method}","params":{"message":"?","big":9007199254740993}}`;
  return {
    message: readMessage(Buffer.from(text)),
    respond: (body) => void heard.push(body),
    onWithdrawn: undefined,
    heard,
  };
}

const nobody = (): void => undefined;

describe('a parked call', () => {
  it('[NEW-05] tells what is asked, together, bytes as they came, and hands the answers on by key', async () => {
    const call = new ParkedCalls<string>().park(owner('t1'), nobody);
    const [first, second] = [asking(), asking('roots/list')];
    call.asked(first);
    call.asked(second);
    const leg = await call.next();
    if (leg?.kind !== 'asked') throw new Error('nothing was asked');
    expect([...leg.requests.values()].map(({ method }) => method)).toEqual(['elicitation/create', 'roots/list']);
    const [key, request] = [...leg.requests][0]!;
    expect(request.params).toBe('{"message":"?","big":9007199254740993}');

    call.respond(new Map([[key, '{"action":"accept"}']]).set('made-up', '{}'));
    expect(first.heard).toEqual(['"result":{"action":"accept"}']);
    expect(second.heard).toEqual([]);
    call.respond(new Map([[key, '{"action":"decline"}']]));
    expect(first.heard).toHaveLength(1);

    const again = await call.next();
    expect(again?.kind === 'asked' && [...again.requests.keys()]).toEqual(
      [...leg.requests.keys()].filter((other) => other !== key),
    );
  });

  it('[NEW-05] is the affair of the last who came back', async () => {
    const call = new ParkedCalls<string>().park(owner('t1'), nobody);
    const first = call.next();
    const { turn } = call;
    const second = call.next();
    expect(await first).toBeUndefined();
    expect(call.turn).not.toBe(turn);
    call.ended('done', 4);
    expect(await second).toEqual({ kind: 'ended', ending: 'done' });
  });

  it('[NEW-05] gives its ending to whoever waits, and keeps it for whoever comes in time', async () => {
    const parked = new ParkedCalls<string>();
    const waited = parked.park(owner('t1'), nobody);
    const waiting = waited.next();
    waited.ended('done', 4);
    expect(await waiting).toEqual({ kind: 'ended', ending: 'done' });

    const late = parked.park(owner('t1'), nobody);
    late.asked(asking());
    await late.next();
    late.ended('finished meanwhile', 18);
    expect(parked.find(late.id)).toBe(late);
    expect(await late.next()).toEqual({ kind: 'ended', ending: 'finished meanwhile' });
    expect(parked.find(late.id)).toBeUndefined();
    expect(parked.size).toBe(0);
  });

  it('forgets an ending that there is no room to keep', () => {
    const parked = new ParkedCalls<string>();
    const call = parked.park(owner('t1'), nobody);
    call.ended('too much', 1024 ** 3);
    expect(parked.find(call.id)).toBeUndefined();
  });

  it('gives back once what its ending took, also when its client goes away as it is told', async () => {
    const parked = new ParkedCalls<string>();
    const call = parked.park(owner('t1'), nobody);
    call.ended('large', 10 * 1024 ** 2);
    expect((await call.next())?.kind).toBe('ended');
    call.giveUp();
    const tooLarge = parked.park(owner('t1'), nobody);
    tooLarge.ended('larger than all there is', 20 * 1024 ** 2);
    expect(parked.find(tooLarge.id)).toBeUndefined();
  });

  it('keeps nothing for whom it has given up', async () => {
    const parked = new ParkedCalls<string>();
    for (let i = 0; i < 3; i++) {
      const call = parked.park(owner('t1'), nobody);
      call.giveUp();
      call.ended('answered all the same', 10 * 1024 ** 2);
    }
    const next = parked.park(owner('t1'), nobody);
    next.ended('large', 10 * 1024 ** 2);
    expect(parked.find(next.id)).toBe(next);
    expect((await next.next())?.kind).toBe('ended');
  });

  it('lets the newest of two who wait have it', async () => {
    const call = new ParkedCalls<string>().park(owner('t1'), nobody);
    const first = call.next();
    const second = call.next();
    call.asked(asking());
    expect(await first).toBeUndefined();
    expect((await second)?.kind).toBe('asked');
  });

  it('asks no more what the upstream has withdrawn', async () => {
    const call = new ParkedCalls<string>().park(owner('t1'), nobody);
    const [kept, gone] = [asking(), asking()];
    call.asked(gone);
    call.asked(kept);
    gone.onWithdrawn!();
    const leg = await call.next();
    expect(leg?.kind === 'asked' && leg.requests.size).toBe(1);
  });
});

describe('parked calls', () => {
  it('[NEW-05] are bounded for each token and cancelled when it is revoked', () => {
    const parked = new ParkedCalls<string>();
    let cancelled = 0;
    const park = (tokenId: string): unknown => parked.park(owner(tokenId), () => cancelled++);
    for (let i = 0; i < 64; i++) park('t1');
    expect(() => park('t1')).toThrow(/wait for input/);
    park('t2');
    parked.keepOnly('w2', () => false);
    expect(parked.size).toBe(65);
    parked.keepOnly('w1', ({ principal }) => principal.tokenId === 't2');
    expect([parked.size, cancelled]).toEqual([1, 64]);
    parked.close();
    expect([parked.size, cancelled]).toEqual([0, 65]);
  });
});
