import { expect, it } from "vitest";
import { findCredentials } from "./credential-guard.ts";

const line = (fields: object) => JSON.stringify({ event: "refused", ...fields });
const requestId = "0b31fc5e-c2c9-4a11-be7b-555cde7ae469";

it("[A5.5] the search of the whole run's log finds a credential of any kind", () => {
  for (const credential of [
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLWEtdG9rZW4",
    "ko6iXKV11DSjb6kFJ4iwcf1FEqa5wPpbL1sdtKiV51Y=|cQaYkOPG/r3ILxWiFiz90w==",
    "c2Vzc2lvbg==--MTIzNDU2Nzg5MDEy--MTIzNDU2Nzg5MDEyMzQ1Ng==",
  ]) {
    const text = line({ code: "session_invalid", reason: `bad ${credential}`, requestId });
    expect(findCredentials(text), credential).toEqual([text]);
  }
});

it("[A5.5] and nothing in what the service logs by itself", () => {
  const room = "x".repeat(128);
  const text = [
    line({ code: "session_invalid", room, user: "y".repeat(128), requestId }),
    line({ reason: "STALE_SECONDS: must be a whole number from 3 to 86400", requestId }),
    "no log line at all",
  ].join("\n");
  expect(findCredentials(text)).toEqual([]);
});
