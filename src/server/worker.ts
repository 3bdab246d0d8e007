import { createApp } from "./app.ts";

export { Directory } from "./directory/directory.ts";
export { Hub } from "./large/hub.ts";
export { Room } from "./room/room.ts";
export { User } from "./user/user.ts";
export default createApp();
