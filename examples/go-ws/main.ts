/*
 * Channels, presence and whispers: npm run example:go-ws, and then http://127.0.0.1:8080 in a few windows.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createHall } from "./hub.ts";

const port = Number(process.env["PORT"] ?? 8080);
const page = await readFile(new URL("page.html", import.meta.url));
const http = createServer((request, response) => {
  if (request.url === "/") response.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
  else response.writeHead(404).end();
});
createHall().server.attach(http);
http.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}`));
