/** SocketCluster: one presence channel that tells of changes, and a procedure for the list. */
import { createServer } from "node:http";
import { attach, type AGServerSocket } from "socketcluster-server";
import { listen } from "./listen.ts";
import { type User, userFrom } from "./user.ts";

const server = createServer();
const cluster = attach(server);
const users = new Map<string, User>();

const tell = (message: object) => cluster.exchange.transmitPublish("presence", message);

async function answerLists(socket: AGServerSocket): Promise<void> {
  for await (const request of socket.procedure("list")) {
    request.end({ type: "snapshot", users: [...users.values()] });
  }
}

async function takeStatuses(socket: AGServerSocket, user: User): Promise<void> {
  for await (const status of socket.receiver("status")) {
    user.status = String(status);
    tell({ type: "update", id: user.id, status });
  }
}

async function seeOff(socket: AGServerSocket, user: User): Promise<void> {
  await socket.listener("close").once();
  users.delete(user.id);
  tell({ type: "leave", id: user.id });
}

listen(server);

for await (const { socket } of cluster.listener("connection")) {
  const query = Object.fromEntries(new URL(socket.request.url, "http://localhost").searchParams);
  const user = userFrom(query);
  users.set(user.id, user);
  void answerLists(socket);
  void takeStatuses(socket, user);
  void seeOff(socket, user);
  if (query["silent"] === undefined) tell({ type: "join", user });
}
