/**
 * The same recipe for several servers: Redis carries what is emitted to the others, and keeps each
 * room's users as JSON, of which every change reads all.
 */
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";
import { listen } from "./listen.ts";
import { type User, userFrom } from "./user.ts";

const redis = createClient({ url: `redis://127.0.0.1:${process.env["REDIS_PORT"]}` });
const subscriber = redis.duplicate();
await Promise.all([redis.connect(), subscriber.connect()]);

const server = createServer();
const io = new Server(server, { adapter: createAdapter(redis, subscriber) });

io.on("connection", async (socket) => {
  const { query } = socket.handshake;
  const room = String(query["room"]);
  const key = `users:${room}`;
  const emitUsers = async () => {
    const users = await redis.hVals(key);
    io.to(room).emit(
      "users",
      users.map((user) => JSON.parse(user) as User),
    );
  };
  const user = userFrom(query);
  const save = () => redis.hSet(key, user.id, JSON.stringify(user));

  socket.on("status", async (status: string) => {
    user.status = status;
    await save();
    await emitUsers();
  });
  socket.on("disconnect", async () => {
    await redis.hDel(key, user.id);
    await emitUsers();
  });

  await socket.join(room);
  await save();
  if (query["silent"] === undefined) await emitUsers();
});

listen(server);
