import { describe, expect, it } from "vitest";
import { Refusal } from "../../../src/server/errors.ts";
import { candidateFromSessionData } from "../../../src/server/session/session-data.ts";

const userOf = (data: unknown, claims = {}) => {
  try {
    return candidateFromSessionData(data, claims).user;
  } catch (error) {
    return error instanceof Refusal ? error.code : error;
  }
};

describe("the user of what an app keeps in a session", () => {
  it("[A2.31] is the first id that is a text or a number", () => {
    const places = [
      { user: { id: 1 } },
      { userId: 2 },
      { user_id: 3 },
      { user: 4 },
      { passport: { user: 5 } },
    ];
    for (let first = 0; first < places.length; first++) {
      const data = Object.assign({}, ...places.slice(first).toReversed());
      expect(userOf(data)).toMatchObject({ id: first + 1 });
    }
    expect(userOf({ userId: null, user_id: "ada" })).toMatchObject({ id: "ada" });
    expect(userOf({ userId: 7, uid: "ada" }, { id: "uid" })).toMatchObject({ id: "ada" });
  });

  it("[A2.31] is never an id alone, and a session without a user is none", () => {
    for (const data of [{ id: "ada" }, {}, { user: {} }, [], "ada", null]) {
      expect(userOf(data), JSON.stringify(data)).toBe("session_invalid");
    }
  });

  it("[A2.31] has the first name and image that are there", () => {
    const user = { id: 1, name: "Ada", avatar_url: "/a.png" };
    const rest = { userName: "B", name: "C", image: "/b.png" };
    expect(userOf({ user, ...rest })).toMatchObject({ name: "Ada", image: "/a.png" });
    expect(userOf({ userId: 1, ...rest })).toMatchObject({ name: "B", image: "/b.png" });
    const own = { name: "nick", picture: "face" };
    const data = { user, nick: "Ada L.", face: "/c.png" };
    expect(userOf(data, own)).toMatchObject({ name: "Ada L.", image: "/c.png" });
  });
});
