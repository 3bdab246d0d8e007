import { createApp } from "rollcall/server";
export { Directory, Hub, Room, User } from "rollcall/server";
export default createApp();
