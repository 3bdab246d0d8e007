import { describe, expect, it } from "vitest";
import { Refusal } from "../../../src/server/errors.ts";
import { JSON_SOURCE, type Candidate } from "../../../src/server/session/candidate.ts";
import { sealSession } from "../../../src/server/session/seal.ts";

const NOW = 1_900_000_000_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const seal = (more: Partial<Candidate> = {}) =>
  sealSession({ user: { id: "ada" }, ...more }, { now: NOW, sessionMs: HOUR });

/** What the log has of a refusal, `null` for none. */
function refusalOf(more: Partial<Candidate>): unknown {
  try {
    seal(more);
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, detail } = error.logged;
    return code === "session_invalid" ? detail : `${code}: ${detail}`;
  }
}

const LONE = "a\ud83d";
const text = (length: number) => "x".repeat(length);

describe("a sealed session", () => {
  it("[A2.1, A2.15] has what its source says, and nothing that it does not", () => {
    const least = { user: { id: "ada" }, roles: [], issuedAt: NOW, undated: true };
    expect(seal()).toStrictEqual({ ...least, expiresAt: NOW + HOUR });
    expect(seal({ expiresAt: null, id: "", issuedAt: null })).toEqual(seal());
    const whole = {
      user: { id: "ada", name: "Ada", image: "/ada.png" },
      roles: ["staff"],
      rooms: ["lobby"],
      id: "s1",
      issuedAt: NOW - DAY,
      expiresAt: NOW + DAY,
    };
    expect(seal(whole)).toStrictEqual(whole);
    expect(seal({ ...whole, extra: 1 } as Candidate)).toEqual(whole);
  });

  it("[A2.3, T1.6] keeps what this service signed: that it is undated, and the one room", () => {
    const issuedAt = NOW - DAY;
    expect(seal({ issuedAt, undated: true })).toMatchObject({ issuedAt, undated: true });
    expect(seal({ issuedAt, undated: "true" })).not.toHaveProperty("undated");
    expect(seal({ onlyRoom: "lobby" })).toMatchObject({ onlyRoom: "lobby" });
    expect(seal({ onlyRoom: ["lobby"] })).not.toHaveProperty("onlyRoom");
  });
});

it("[A2.2, A2.6] ids have their lengths, are well-formed, and may be safe integers", () => {
  const idOf = (id: unknown) => refusalOf({ user: { id } });
  for (const id of ["a", text(128), "...", 0, -7, Number.MAX_SAFE_INTEGER]) {
    expect(seal({ user: { id } }).user.id).toBe(String(id));
  }
  for (const id of [undefined, null, ""]) expect(idOf(id)).toBe('claim "user.id": missing');
  for (const id of [text(129), ".", "..", LONE])
    expect(idOf(id)).toBe('claim "user.id": not an id');
  for (const id of [1.5, 2 ** 53, true, {}]) expect(idOf(id)).toBe('claim "user.id": not a text');

  for (const id of [text(256), 7]) expect(seal({ id }).id).toBe(String(id));
  expect(refusalOf({ id: text(257) })).toBe('claim "id": too long');
  expect(refusalOf({ id: LONE })).toBe('claim "id": not an id');
  expect(refusalOf({ id: [] })).toBe('claim "id": not a text');
});

describe("times", () => {
  it("[A2.3] an expiry is at most 400 days ahead, and over when it is reached", () => {
    const most = NOW + 400 * DAY;
    for (const [expiresAt, sealed] of [
      [NOW + 1, NOW + 1],
      [NOW + 1.6, NOW + 2],
      [most, most],
      [most + 1, most],
      [1e300, most],
      [Number.POSITIVE_INFINITY, most],
    ] as const) {
      expect(seal({ expiresAt }).expiresAt).toBe(sealed);
    }
    for (const expiresAt of [NOW, 0, -1, Number.NEGATIVE_INFINITY]) {
      expect(refusalOf({ expiresAt })).toBe("session_expired: expiresAt");
    }
    for (const expiresAt of [Number.NaN, "", "2030-01-01", true]) {
      expect(refusalOf({ expiresAt })).toBe('claim "expiresAt": not a time');
    }
  });

  it("[A2.8] an expired session is accepted for as long as its source tolerates", () => {
    const source = { ...JSON_SOURCE, toleranceMs: 5_000 };
    expect(seal({ source, expiresAt: NOW - 4_999 }).expiresAt).toBe(NOW - 4_999);
    expect(refusalOf({ source, expiresAt: NOW - 5_000 })).toBe("session_expired: expiresAt");
  });

  it("[A2.3] an impossible time of issue leaves the session undated", () => {
    for (const issuedAt of [0, NOW, NOW + 60_000]) {
      expect(seal({ issuedAt })).toMatchObject({ issuedAt });
      expect(seal({ issuedAt })).not.toHaveProperty("undated");
    }
    expect(seal({ issuedAt: 1.6 }).issuedAt).toBe(2);
    for (const issuedAt of [-1, NOW + 60_001, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(seal({ issuedAt })).toMatchObject({ issuedAt: NOW, undated: true });
    }
    expect(refusalOf({ issuedAt: "2030-01-01" })).toBe('claim "issuedAt": not a time');
  });
});

describe("lists", () => {
  it("[A2.4] of roles and rooms have at most 100 entries of at most 128 characters", () => {
    const most = Array.from({ length: 100 }, (_, at) => `${at}`);
    for (const list of ["roles", "rooms"] as const) {
      expect(seal({ [list]: most })[list]).toEqual(most);
      expect(seal({ [list]: ["", text(128)] })[list]).toEqual(["", text(128)]);
      const faultOf = (value: unknown) => refusalOf({ [list]: value });
      expect(faultOf([...most, "x"])).toBe(`claim "${list}": too many`);
      expect(faultOf([text(129)])).toBe(`claim "${list}": too long`);
      expect(faultOf([7])).toBe(`claim "${list}": not a text`);
      expect(faultOf([LONE])).toBe(`claim "${list}": not a text`);
      expect(faultOf({})).toBe(`claim "${list}": not a list`);
    }
  });

  it("[A2.4] that are absent are no roles, and every room", () => {
    for (const roles of [undefined, null, ""]) expect(seal({ roles }).roles).toEqual([]);
    expect(seal({ roles: "staff" }).roles).toEqual(["staff"]);
    expect(seal({ rooms: undefined })).not.toHaveProperty("rooms");
    expect(seal({ rooms: [] }).rooms).toEqual([]);
    for (const rooms of [null, "", "lobby"]) {
      expect(refusalOf({ rooms })).toBe('claim "rooms": not a list');
    }
  });

  it("[A2.4] are copied: what the source does with them later changes nothing", () => {
    const roles = ["staff"];
    const session = seal({ roles });
    roles.push("admin");
    expect(session.roles).toEqual(["staff"]);
  });

  it("[A2.4] may fill 12 KiB with the rest of the session, in UTF-8", () => {
    const bytesOf = (session: unknown) => new TextEncoder().encode(JSON.stringify(session)).length;
    const roles = Array.from({ length: 90 }, () => text(100));
    const rooms: string[] = [];
    const left = () => 12 * 1024 - bytesOf(seal({ roles, rooms }));
    while (left() > 120) rooms.push(text(100));
    // It comes with two quotes and a comma.
    const last = text(left() - 3);
    expect(bytesOf(seal({ roles, rooms: [...rooms, last] }))).toBe(12 * 1024);
    expect(refusalOf({ roles, rooms: [...rooms, `${last}x`] })).toBe("more than 12 KiB");
    // As many characters, and one byte more.
    const wide = `ä${last.slice(1)}`;
    expect(refusalOf({ roles, rooms: [...rooms, wide] })).toBe("more than 12 KiB");
  });
});

describe("decoration", () => {
  it("[A2.5] a name is cut, and its halves of characters are replaced or left out", () => {
    const nameOf = (name: unknown) => seal({ user: { id: "ada", name } }).user.name;
    expect(nameOf(text(256))).toBe(text(256));
    expect(nameOf(text(257))).toBe(text(256));
    expect(nameOf(`${text(254)}😀`)).toBe(`${text(254)}😀`);
    expect(nameOf(`${text(255)}😀`)).toBe(text(255));
    expect(nameOf(LONE)).toBe("a\ufffd");
    expect(nameOf(`${text(255)}\ud83d`)).toBe(`${text(255)}\ufffd`);
    for (const name of ["", 7, null, {}]) {
      expect(seal({ user: { id: "ada", name } }).user).not.toHaveProperty("name");
    }
  });

  it("[A2.5] an image is an https: URL or a path of the page's host", () => {
    const imageOf = (image: unknown, allowsPaths = true) =>
      seal({ user: { id: "ada", image }, source: { ...JSON_SOURCE, allowsPaths } }).user.image;
    const url = (length: number) => `https://a.example/`.padEnd(length, "x");
    for (const image of [url(2_048), "HTTPS://a.example/a.png"]) {
      expect(imageOf(image)).toBe(image);
      expect(imageOf(image, false)).toBe(image);
    }
    expect(imageOf("/ada.png")).toBe("/ada.png");
    expect(imageOf("/ada.png", false)).toBeUndefined();
    for (const image of [
      url(2_049),
      "https://",
      `https://a.example/${LONE}`,
      "http://a.example/a.png",
      "//a.example/a.png",
      "/\\a.example/a.png",
      "ada.png",
      "javascript:alert(1)",
      "data:image/png;base64,",
      " https://a.example/",
      "",
      7,
      ["/ada.png"],
    ]) {
      expect(imageOf(image), String(image)).toBeUndefined();
    }
  });
});
