/**
 * What a start needs of every socket. Nearly all attachments begin with it, so that a room that wakes
 * need not parse the rest of thousands.
 */
export interface Brief {
  id: string;
  user: string;
  heardAt: number;
  expiresAt: number;
}

const HEAD = '{"brief":"';
/** What stands in JSON as it is, and holds no space. */
const PLAIN = /^[!#-[\]-~]+$/;

/** Puts a brief before the other keys of a JSON object that has none, if its ids allow it. */
export function putBrief(json: string, { id, user, heardAt, expiresAt }: Brief): string {
  if (!PLAIN.test(id) || !PLAIN.test(user)) return json;
  return `${HEAD}${id} ${heardAt} ${expiresAt} ${user}",${json.slice(1)}`;
}

/** Reads the brief of an attachment; `null` if it has none. */
export function readBrief(attached: unknown): Brief | null {
  if (typeof attached !== "string" || !attached.startsWith(HEAD)) return null;
  const end = attached.indexOf('"', HEAD.length);
  const [id = "", heardAt, expiresAt, user = ""] = attached.slice(HEAD.length, end).split(" ");
  return { id, user, heardAt: Number(heardAt), expiresAt: Number(expiresAt) };
}
