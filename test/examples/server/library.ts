import { Hono } from "hono";
import { createApp, Directory, Hub, Room, User } from "rollcall/server";

const presence = createApp({
  // Returns the session of a token, or null. It may ask a database or another service.
  async verify(token) {
    const [id, role] = token === "the-token-of-ada" ? ["ada", "staff"] : [];
    if (!id || !role) return null;
    return { user: { id, name: "Ada" }, roles: [role], expiresAt: Date.now() + 3_600_000 };
  },
  // Who may read a room, or be present in it.
  authorize: (session, _room, action) => action === "read" || session.roles.includes("staff"),
});

const app = new Hono();
app.get("/", (c) => c.text("The app's own pages."));
app.route("/presence", presence);

export default app;
export { Directory, Hub, Room, User };
