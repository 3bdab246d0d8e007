import express from "express";
import session from "express-session";

const app = express();
app.use(session({ secret: process.env.COOKIE_SECRET, resave: false, saveUninitialized: false }));

app.post("/api/sign-in", (request, response) => {
  request.session.user = { id: "ada", name: "Ada" };
  response.sendStatus(204);
});

// Rollcall asks here which user a cookie belongs to.
app.get("/api/session", (request, response) => {
  const { user } = request.session;
  if (user) response.json({ user });
  else response.sendStatus(401);
});

app.listen(3000);
