import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { createReceiver } from "rollcall/webhooks";

const receive = createReceiver({
  secret: process.env["WEBHOOK_SECRET"]!,
  onEvent: ({ type, data }) => console.log(type, data.room, data.member?.name ?? ""),
  onGap: (room) => console.log("read the room again:", room),
});

export const server = createServer(async (request, response) => {
  response.statusCode = await receive(await text(request), request.headers);
  response.end();
});

server.listen(Number(process.env["PORT"] ?? 4000));
