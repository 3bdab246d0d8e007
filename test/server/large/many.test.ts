import { expect, it } from "vitest";
import { Copy } from "../../../src/server/large/copy.ts";
import { HubState } from "../../../src/server/large/hub-state.ts";
import type { Envelope, SentMember } from "../../../src/server/large/messages.ts";
import { Stream } from "../../../src/server/large/stream.ts";

/** More than a call may have arguments. */
const MANY = 150_000;
const ids = Array.from({ length: MANY }, (_, index) => `u${index}`);

it(
  "[N3.1, N4.1] everybody may have changed while everything is sent in parts",
  { timeout: 600_000 },
  () => {
    const stream = new Stream("hub", () => ids);
    const copy = new Copy();
    const hub = new HubState(45_000, [], 0);
    const take = (envelope: Envelope, sent: readonly string[], connections: number) => {
      const set = sent.map((id): SentMember => [
        id,
        JSON.stringify({ id, connections }),
        connections,
      ]);
      const rest = { set, gone: [], watching: 0 };
      const state = { epoch: "epoch", version: envelope.number };
      const included = { from: "", number: 0 };
      copy.take({ ...envelope, ...rest, state, included, generations: [2] });
      const facts = { shard: { of: 2, index: 0 }, listens: false, holds: null, isEmpty: false };
      hub.report({ ...envelope, ...rest, ...facts }, 0);
    };
    stream.trigger();
    const first = stream.begin(0);
    take(first.envelope, first.ids, 1);
    stream.settle("taken");
    for (const id of ids) stream.note(id);
    let isLast = false;
    while (!isLast) {
      const part = stream.begin(0);
      isLast = part.envelope.more !== true;
      take(part.envelope, part.ids, 2);
      stream.settle("taken");
    }
    expect(copy.size).toBe(MANY);
    expect(copy.connections).toBe(2 * MANY);
    expect(hub.list.connections).toBe(2 * MANY);
  },
);
