/*
 * A talk with slides: npm run example:rtbroadcaster, and then http://127.0.0.1:8080, which shows the address for the others.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createTalks } from "./talk.ts";

const port = Number(process.env["PORT"] ?? 8080);
const page = await readFile(new URL("page.html", import.meta.url));
const http = createServer((request, response) => {
  if (request.url?.split("?")[0] === "/") response.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
  else response.writeHead(404).end();
});
createTalks().server.attach(http);
http.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}`));
