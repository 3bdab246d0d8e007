import { createApp } from "rollcall/server";
export { Directory, Room, User } from "rollcall/server";
export default createApp();
