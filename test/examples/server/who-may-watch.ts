import { createApp } from "rollcall/server";
export { Directory, Hub, Room, User } from "rollcall/server";

const friends: Record<string, string[]> = { ada: ["bob"], bob: ["ada"] };

export default createApp({
  // Returns the ids that this user may see. It may ask other services, for up to 5 seconds.
  authorizeWatch: (session, _room, ids) =>
    ids.filter((id) => friends[session.user.id]?.includes(id)),
});
