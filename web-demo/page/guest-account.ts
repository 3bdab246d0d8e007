/** The frames of one tab share the storage: a reload of the page brings the same guest back. */
const KEY = "guest";

async function askForGuest(): Promise<string> {
  const response = await fetch("/demo/guest", { method: "POST" });
  if (!response.ok) throw new Error(`The service answered ${response.status}`);
  const { token } = (await response.json()) as { token: string };
  sessionStorage.setItem(KEY, token);
  return token;
}

/** The guest's token, which stands in for a cookie: the cookie is the visitor's. */
export async function guestToken(): Promise<string> {
  return sessionStorage.getItem(KEY) ?? (await askForGuest());
}

/** After the token was refused: the next one is another guest's. */
export function forgetGuest(): boolean {
  sessionStorage.removeItem(KEY);
  return true;
}

export async function guestCredential(): Promise<Record<string, string>> {
  return { Authorization: `Bearer ${await guestToken()}` };
}
