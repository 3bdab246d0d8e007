import { describe, expect, it } from "vitest";
import { Pace } from "../../../src/server/room/pace.ts";

const SOCKETS = 1_000;
const START = 1_000_000;

/** A room of 1,000 connections whose changes were all sent at `START`. */
function open() {
  const list = { state: { epoch: "epoch", version: 1 }, connections: SOCKETS };
  const pace = new Pace(list);
  pace.greeted(START);
  pace.shown(START);
  pace.told(list, START);
  const tellAt = (now: number) => pace.tellAt(SOCKETS, list, now);
  const look = (now: number) => {
    pace.look(list, now);
    pace.expect(tellAt(now), now);
  };
  const change = (now: number) => {
    list.state = { ...list.state, version: list.state.version + 1 };
    look(now);
  };
  return {
    pace,
    look,
    change,
    tellAt,
    join(now: number) {
      list.connections++;
      change(now);
    },
    tell: (now: number) => pace.told(list, now),
  };
}

describe("pace", () => {
  it("[V2.3] first states wait a fifth as long as changes", () => {
    const { pace, change, tellAt } = open();
    change(START + 1);
    expect(pace.greetAt(SOCKETS, START + 1)).toBe(START + 100);
    expect(tellAt(START + 1)).toBe(START + 500);
  });

  it("[V2.3] everybody is told of a crowd when nobody has come for 25 ms", () => {
    const { join, tellAt } = open();
    join(START + 90);
    expect(tellAt(START + 90)).toBe(START + 115);
    join(START + 110);
    expect(tellAt(START + 111)).toBe(START + 135);
    expect(tellAt(START + 136)).toBeLessThanOrEqual(START + 136);
  });

  it("[V2.3] that is at the earliest when first states are due, and at the latest after 1 s", () => {
    const { join, tellAt } = open();
    join(START + 10);
    expect(tellAt(START + 10)).toBe(START + 100);
    let now = START + 10;
    while (now < START + 990) {
      expect(tellAt(now)).toBeGreaterThan(now);
      join((now += 20));
    }
    expect(tellAt(now)).toBe(START + 1_000);
  });

  it("[V2.3] a room that was too busy to hear who comes waits once more", () => {
    const { join, look, tellAt } = open();
    join(START + 100);
    look(START + 300);
    expect(tellAt(START + 300)).toBe(START + 325);
    look(START + 327);
    expect(tellAt(START + 327)).toBe(START + 325);
  });

  it("[V2.3] after a crowd the time is that of any change again", () => {
    const { join, change, tellAt, tell } = open();
    join(START + 90);
    tell(START + 115);
    change(START + 120);
    expect(tellAt(START + 120)).toBe(START + 615);
  });

  it("[V2.1] whatever the clock does, changes are sent", () => {
    const { join, tellAt, pace } = open();
    join(START + 10);
    const before = START - 3_600_000;
    expect(tellAt(before)).toBeLessThanOrEqual(before);
    expect(pace.greetAt(SOCKETS, before)).toBe(before);
    expect(pace.showAt(SOCKETS, false, before)).toBe(before);
  });
});
