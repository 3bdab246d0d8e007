import { describe, expect, it } from "vitest";
import type { Data, Member, Status } from "../../../src/protocol/messages.ts";
import {
  choiceOf,
  mergeParts,
  newestOf,
  silenced,
  type Part,
} from "../../../src/server/large/merge.ts";

const EARLY = "2026-01-01T00:00:00.000Z";
const LATE = "2026-01-02T00:00:00.000Z";

/** What one shard reports of ada. */
function partOf(
  connections: number,
  rest: {
    chosen?: Status | null;
    choseAt?: number;
    status?: Status;
    lastOnline?: string;
    data?: Data;
    image?: string;
  } = {},
): Part {
  const { chosen = null, choseAt = 0, lastOnline = null, status = "online", data, image } = rest;
  const isShown = connections > 0;
  const member: Member = {
    id: "ada",
    name: "Ada",
    ...(image !== undefined && { image }),
    status: isShown ? (chosen ?? status) : "offline",
    connections,
    lastOnline: isShown ? null : lastOnline,
    ...(data && { data }),
  };
  return {
    shard: `${connections}/${choseAt}`,
    json: JSON.stringify(member),
    connections,
    choseAt,
    chosen,
  };
}

/** What others see, whichever shard reported first. */
function shownOf(...parts: Part[]): Member {
  const shown = mergeParts(parts);
  expect(mergeParts(parts.toReversed())).toEqual(shown);
  const member = JSON.parse(shown.json) as Member;
  expect(member.connections).toBe(shown.connections);
  return member;
}

describe("a user in two shards", () => {
  it("[N6.1] is online if any connection is, away if all are idle, with the sum of connections", () => {
    const member = { id: "ada", name: "Ada", lastOnline: null };
    const away = partOf(2, { status: "away" });
    expect(shownOf(partOf(1), away)).toEqual({ ...member, status: "online", connections: 3 });
    expect(shownOf(partOf(1, { status: "away" }), away)).toEqual({
      ...member,
      status: "away",
      connections: 3,
    });
    expect(shownOf(away, partOf(0, { lastOnline: LATE }))).toEqual({
      ...member,
      status: "away",
      connections: 2,
    });
    // Of an older choice, nobody knows whether the connections are idle.
    expect(
      shownOf(partOf(1, { status: "away", choseAt: 2 }), partOf(1, { chosen: "busy", choseAt: 1 })),
    ).toMatchObject({ status: "online" });
    expect(
      shownOf(
        partOf(1, { status: "away", choseAt: 2 }),
        partOf(0, { chosen: "busy", choseAt: 1, lastOnline: LATE }),
      ),
    ).toMatchObject({ status: "away" });
  });

  it("[N6.1] has the newest choice and data; of equally old ones, that with more connections", () => {
    const busy = partOf(1, { chosen: "busy", choseAt: 1, data: { n: 1 } });
    expect(shownOf(busy, partOf(2, { chosen: "away", choseAt: 2, data: { n: 2 } }))).toMatchObject({
      status: "away",
      data: { n: 2 },
    });
    expect(shownOf(busy, partOf(2, { choseAt: 2 }))).not.toHaveProperty("data");
    expect(shownOf(busy, partOf(2, { chosen: "away", choseAt: 1 }))).toMatchObject({
      status: "away",
    });
    const same = partOf(1, { chosen: "away", choseAt: 1 });
    expect([newestOf([busy, same]), newestOf([same, busy])]).toEqual([busy, same]);
    expect(shownOf(busy, partOf(2, { chosen: "away", data: { n: 2 } }))).toMatchObject({
      data: { n: 1 },
    });
    // A choice outlives its connection; the data is of who is there.
    const left = partOf(0, { chosen: "busy", choseAt: 3, lastOnline: LATE });
    expect(shownOf(left, partOf(1, { data: { n: 4 }, image: "/a.png" }))).toMatchObject({
      status: "busy",
      data: { n: 4 },
      lastOnline: null,
    });
    expect(shownOf(partOf(1, { image: "/a.png" }), partOf(0, { lastOnline: LATE }))).toMatchObject({
      image: "/a.png",
    });
  });

  it("[N6.1, R4.2] who is nowhere was last online at the latest of the times", () => {
    for (const [one, other] of [
      [EARLY, LATE],
      [LATE, EARLY],
    ] as const) {
      const parts = [partOf(0, { lastOnline: one }), partOf(0, { lastOnline: other })] as const;
      expect(shownOf(...parts)).toEqual({
        id: "ada",
        name: "Ada",
        status: "offline",
        connections: 0,
        lastOnline: LATE,
      });
    }
  });

  it("[N6.1, M3.1] who hides in one is hidden, with no connection and no data, since they hid", () => {
    const hidden = partOf(0, { chosen: "offline", choseAt: 2, lastOnline: EARLY });
    const hiddenMember = {
      id: "ada",
      name: "Ada",
      status: "offline",
      connections: 0,
      lastOnline: EARLY,
    };
    expect(shownOf(hidden, partOf(2, { data: { n: 1 }, chosen: "busy", choseAt: 1 }))).toEqual(
      hiddenMember,
    );
    expect(shownOf(hidden, partOf(0, { lastOnline: LATE }))).toEqual(hiddenMember);
    // The choice was passed on, and hid them in the other shard a moment later.
    const passedOn = partOf(0, { chosen: "offline", choseAt: 2, lastOnline: LATE });
    expect(shownOf(hidden, passedOn)).toEqual(hiddenMember);
    expect(shownOf(hidden, partOf(1, { chosen: "busy", choseAt: 3 }))).toMatchObject({
      status: "busy",
      connections: 1,
      lastOnline: null,
    });
  });

  it("[N6.1] has the choice told to the other shard as it was made", () => {
    const chosen = partOf(1, { chosen: "busy", choseAt: 5, data: { n: 1 } });
    expect(choiceOf("ada", chosen)).toEqual({
      user: "ada",
      choseAt: 5,
      chosen: "busy",
      data: { n: 1 },
    });
    expect(choiceOf("ada", partOf(1))).toEqual({
      user: "ada",
      choseAt: 0,
      chosen: null,
      data: null,
    });
    // Their last connection there has ended, and the data with it: it says nothing about others.
    expect(choiceOf("ada", partOf(0, { chosen: "busy", choseAt: 5 }))).toEqual({
      user: "ada",
      choseAt: 5,
      chosen: "busy",
    });
  });

  it("[N4.3] of a shard that is silent is offline since it was last heard, or since they left before", () => {
    const present = partOf(2, { chosen: "busy", data: { n: 1 }, image: "/a.png" });
    const offline = { id: "ada", name: "Ada", status: "offline", connections: 0 };
    expect(JSON.parse(silenced(present.json, Date.parse(LATE)))).toEqual({
      ...offline,
      image: "/a.png",
      lastOnline: LATE,
    });
    const left = partOf(0, { lastOnline: EARLY });
    expect(JSON.parse(silenced(left.json, Date.parse(LATE)))).toEqual({
      ...offline,
      lastOnline: EARLY,
    });
  });
});
