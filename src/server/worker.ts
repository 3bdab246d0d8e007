import { createApp } from "./app.ts";

export { Room } from "./room/room.ts";
export { User } from "./user/user.ts";
export default createApp();
