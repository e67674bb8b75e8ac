import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/** One file, ready to be sent. */
export interface Page {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Its Content-Security-Policy depends on the host under which it is asked for. */
  readonly isDocument: boolean;
}

/** From sources and from a build alike, the built files are in the package's `dist`. */
const built = fileURLToPath(new URL("../../dist/", import.meta.url));

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The demo's pages are one document, which looks at its address. */
const demoPaths = ["/", "/languages"];

/** The public files, by path. They are read once, so that no request ever reaches the file system. */
export function loadPages({ demo }: { readonly demo: boolean }): ReadonlyMap<string, Page> {
  const pages = new Map<string, Page>();
  if (existsSync(`${built}carillon.js`)) {
    // Public code that pages of any origin may import.
    pages.set("/carillon.js", page("carillon.js", { "Access-Control-Allow-Origin": "*" }));
  }
  if (!demo || !existsSync(`${built}demo`)) return pages;
  for (const name of readdirSync(`${built}demo`, { recursive: true, encoding: "utf8" })) {
    if (!(extname(name) in contentTypes)) continue;
    const file = `demo/${name.replaceAll("\\", "/")}`;
    // The names of all other files change with their contents.
    if (file === "demo/index.html") for (const path of demoPaths) pages.set(path, page(file));
    else pages.set(`/${file}`, page(file, { "Cache-Control": "public, max-age=31536000, immutable" }));
  }
  return pages;
}

function page(file: string, headers: Readonly<Record<string, string>> = {}): Page {
  const body = readFileSync(`${built}${file}`);
  const extension = extname(file);
  return {
    body,
    isDocument: extension === ".html",
    headers: {
      "Content-Type": contentTypes[extension]!,
      ETag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
      "Cache-Control": "no-cache",
      "X-Content-Type-Options": "nosniff",
      ...headers,
    },
  };
}
