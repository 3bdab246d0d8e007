import { signToken } from "../client-kit.ts";
import type { Page } from "./window-client.ts";

/** How many users each window watches. */
const WATCHED = 3;

export interface CastOptions {
  port: number;
  secret: string;
  room: string;
  sockets: number;
  seed: number;
}

/** A page, and whether it is the first of its user: that one chooses statuses. */
export interface Role {
  page: Page;
  chooses: boolean;
}

const nameOf = (number: number) => `p${String(number).padStart(5, "0")}`;
const isWatcher = (at: number) => at % 20 === 19;
const isSecondTab = (at: number) => at % 10 === 5;

/** The pages of a crowd: every twentieth only watches, every tenth is a user's second tab. */
export async function castOf(
  { port, secret, room, sockets }: CastOptions,
  random: () => number,
): Promise<Role[]> {
  const numbers = Array.from({ length: sockets }, (_, at) => at);
  const userOf = (at: number) => nameOf(isSecondTab(at) ? at - 1 : at);
  const members = numbers.filter((at) => !isWatcher(at)).map(userOf);
  const any = () => members[Math.floor(random() * members.length)]!;
  return Promise.all(
    numbers.map(async (at) => {
      const user = userOf(at);
      const token = await signToken(secret, user);
      const watched = [...new Set(Array.from({ length: WATCHED }, any))];
      const page = { port, room, user, token, watched, isMember: !isWatcher(at) };
      return { page, chooses: page.isMember && !isSecondTab(at) };
    }),
  );
}
