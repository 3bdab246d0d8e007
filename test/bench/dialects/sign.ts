import { createHmac } from "node:crypto";
import { idOf, nameOf } from "./dialect.ts";

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const HEADER = encode({ alg: "HS256", typ: "JWT" });

/** A session's credential as an app would sign it, valid for half a day. */
export function signSession(user: number, secret: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: idOf(user), name: nameOf(user), iat: now, exp: now + 43_200 };
  const text = `${HEADER}.${encode(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}
