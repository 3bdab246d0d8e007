export interface User {
  id: string;
  name: string;
  status: string;
}

/** Who connects, from the query; the peers check no credential. */
export function userFrom(query: { user?: unknown }): User {
  const number = String(query.user).padStart(5, "0");
  return { id: `u${number}`, name: `Person ${number}`, status: "online" };
}
