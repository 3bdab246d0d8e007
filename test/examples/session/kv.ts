/** Signs a user in; returns the value for the cookie. */
export async function startSession(sessions: KVNamespace): Promise<string> {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const expiresAt = Date.now() + 3_600_000;
  const session = { user: { id: "ada", name: "Ada" }, roles: ["staff"], expiresAt };
  const expiration = Math.ceil(expiresAt / 1000);
  await sessions.put(`session:${key}`, JSON.stringify(session), { expiration });
  return key;
}
