import { RoomProvider, type RoomProviderProps, useMembers } from "rollcall/react";

type Props = { name: string } & Omit<RoomProviderProps, "url">;

/** Joins the room, and stays through reloads, lost networks and deploys. */
export const Room = ({ name, ...options }: Props) => (
  <RoomProvider url={`/rooms/${name}`} {...options} />
);

/** Renders again when somebody comes, goes or changes. */
export function Here() {
  const here = useMembers().filter(({ status }) => status !== "offline");
  return <p>{here.map(({ name, status }) => `${name}: ${status}`).join(", ")}</p>;
}
