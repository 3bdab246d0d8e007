import type { Picture } from "../pictures.ts";

/** The user of the session cookie. */
export interface User {
  id: string;
  name: string;
}

/** Throws with a message for the person if the service does not answer. */
async function call(path: string, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    const message = isLate
      ? "The service did not answer within 10 seconds. Try again."
      : "The service could not be reached. Check that it is running and that you are online.";
    throw new Error(message, { cause: error });
  }
}

/** `null` if nobody is signed in; throws if the service does not answer. */
export async function readUser(): Promise<User | null> {
  const response = await call("/demo/me");
  if (!response.ok) throw new Error(`The service answered ${response.status}`);
  return ((await response.json()) as { user: User | null }).user;
}

/** Throws with a message for the person if it fails. */
export async function signIn(who: {
  name: string;
  picture?: Picture | undefined;
  teammate?: string;
}): Promise<User> {
  const response = await call("/demo/sign-in", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(who),
  });
  if (response.ok) return ((await response.json()) as { user: User }).user;
  const body = (await response.json().catch(() => null)) as { error?: { message?: string } } | null;
  const failure = `The service could not sign you in: it answered ${response.status}.`;
  throw new Error(body?.error?.message ?? failure);
}

export async function signOut(): Promise<void> {
  const response = await call("/demo/sign-out", { method: "POST" });
  if (!response.ok) throw new Error(`The service answered ${response.status}`);
}
