/*
 * The demos of go-rtc-lib, and live updates. Each is one command; then open http://127.0.0.1:8080 in a few windows.
 *
 *   npm run example:go-rtc-lib -- echo
 *   npm run example:go-rtc-lib -- broadcast
 *   npm run example:go-rtc-lib -- groups
 *   npm run example:go-rtc-lib -- live
 */
import { readFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { demos } from "./demos.ts";

const name = process.argv[2] ?? "groups";
const port = Number(process.env["PORT"] ?? 8080);
const make = demos[name];
if (!make) throw new Error(`there is no demo "${name}"; choose one of ${Object.keys(demos).join(", ")}`);

const page = await readFile(new URL(`pages/${name}.html`, import.meta.url));
const http = createHttpServer((request, response) => {
  if (request.url === "/") response.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
  else response.writeHead(404).end();
});
make().server.attach(http);
http.listen(port, "127.0.0.1", () => console.log(`${name}: http://127.0.0.1:${port}`));
