import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { createServer, type Server } from "../../src/index.ts";

const running: (readonly [Server, HttpServer])[] = [];
afterEach(async () => {
  for (const [server, httpServer] of running.splice(0)) {
    await server.close();
    httpServer.close();
    httpServer.closeAllConnections();
    await once(httpServer, "close");
  }
});

/** An application with Carillon attached, and a client that has asked it for something, and for HTTP/2. */
async function asked(listener: RequestListener): Promise<Socket> {
  const server = createServer();
  const httpServer = createHttpServer(listener);
  server.attach(httpServer);
  running.push([server, httpServer]);
  await once(httpServer.listen(0, "127.0.0.1"), "listening");
  const socket = connect((httpServer.address() as AddressInfo).port, "127.0.0.1");
  socket.write("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n");
  return socket;
}

test("a long answer is sent to its end, and the application hears that it was", async () => {
  const chunk = Buffer.alloc(65_536, "a");
  const closed: unknown[] = [];
  const socket = await asked((_request, response) => {
    response.once("close", () => closed.push(response.writableFinished));
    response.useChunkedEncodingByDefault = false;
    Readable.from(Array.from({ length: 100 }, () => chunk)).pipe(response);
  });
  const answer = await buffer(socket);
  expect(answer.subarray(answer.indexOf("\r\n\r\n") + 4)).toHaveLength(6_553_600);
  await expect.poll(() => closed).toEqual([true]);
});

test.each(["end", "destroy"] as const)(
  "a client that leaves before it is answered, by %s(), is noticed",
  async (leave) => {
    const gone: Promise<unknown>[] = [];
    const { promise, resolve: begun } = Promise.withResolvers<void>();
    const socket = await asked((request, response) => {
      gone.push(once(request, "close"), once(response, "close"));
      response.write("a");
      begun();
    });
    await promise;
    socket.resume()[leave]();
    await Promise.all(gone);
    expect(gone).toHaveLength(2);
  },
);

test("what the application reads of it is nothing, and has an end", async () => {
  const socket = await asked(async (request, response) => {
    response.end(`${(await buffer(request)).length} bytes`);
  });
  expect((await buffer(socket)).toString()).toMatch(/\r\n\r\n0 bytes$/);
});
