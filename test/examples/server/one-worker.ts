import { createApp, type Env } from "rollcall/server";
export { Directory, Hub, Room, User } from "rollcall/server";

const presence = createApp();

export default {
  fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/rooms/")) return presence.fetch(request, env, context);
    return new Response("The app's own answer.");
  },
} satisfies ExportedHandler<Env>;
