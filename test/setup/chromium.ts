import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";

const names = [
  "chromium-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome",
];
const fix = "apt-get install -y chromium-headless-shell";

/** A browser that asks nobody on the internet for anything. */
export function launchChromium(more: readonly string[] = []): Promise<Browser> {
  const quiet = ["--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({
    executablePath: findChromium() ?? installChromium(),
    // Root has no sandbox, and the pages are our own.
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", ...quiet, ...more],
  });
}

/** One for all tests of a file, which calls this at its top. @returns it, from the first test on */
export function sharedChromium(): () => Browser {
  let browser: Browser | undefined;
  // The first run may have to install it.
  beforeAll(async () => {
    browser = await launchChromium();
  }, 600_000);
  afterAll(() => browser?.close());
  return () => browser!;
}

/** What `CARILLON_CHROMIUM` says, or the first one that is installed. */
function findChromium(): string | undefined {
  const wanted = process.env["CARILLON_CHROMIUM"];
  if (wanted) return find(wanted) ?? fail(`CARILLON_CHROMIUM is ${wanted}, and there is no such program`);
  return names.map(find).find((found) => found !== undefined);
}

function find(name: string): string | undefined {
  if (isAbsolute(name)) return isExecutable(name) ? name : undefined;
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin", "/usr/local/bin", "/snap/bin"];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Debian has one that needs no display; it is installed where we may. */
function installChromium(): string {
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) fail("the browser test needs Chromium");
  const install = (): void => aptGet("install", "-y", "--no-install-recommends", "chromium-headless-shell");
  try {
    install();
  } catch {
    // The list of packages may be missing or old.
    try {
      aptGet("update");
      install();
    } catch (cause) {
      fail("the browser test needs Chromium, and it could not be installed", cause);
    }
  }
  return findChromium() ?? fail("Chromium was installed and is not there");
}

function aptGet(...args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", args, { env, stdio: "ignore", timeout: 300_000 });
}

function fail(reason: string, cause?: unknown): never {
  throw new Error(`${reason}: ${fix}`, { cause });
}
