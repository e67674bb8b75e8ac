import { execFile } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { Unavailable } from "./unavailable.ts";

const run = promisify(execFile);
const minutes = 60_000;

/** Exact, because `npm exec` keeps them and a result should say what it measured. */
const nodeVersions: Readonly<Record<string, string>> = { 22: "22.23.3", 24: "24.21.0", 26: "26.10.0" };
const bunVersion = "1.4.5";

/** Where a program is, if it is on the path. */
export function onPath(program: string): string | undefined {
  const candidates = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, program));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Builds, finds and fetches the programs that a run needs, below a folder that goes away with it. */
export class Tools {
  readonly folder: string;
  #debian: Promise<string> | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws {Unavailable} without a C compiler */
  async compile(source: string): Promise<string> {
    const compiler = onPath("cc") ?? onPath("gcc");
    if (!compiler) throw new Unavailable("needs a C compiler: apt-get install gcc libc6-dev");
    const target = join(this.folder, source.replace(/\W/g, "-"));
    const path = join(import.meta.dirname, source);
    const compileWith = (...flags: readonly string[]): Promise<unknown> =>
      run(compiler, ["-O2", "-o", target, path, ...flags]);
    // With zlib the generator also inflates what it receives; not every machine has its headers.
    await compileWith("-DWITH_ZLIB", "-lz").catch(() => compileWith());
    return target;
  }

  /** @throws {Unavailable} */
  async node(major: string | undefined): Promise<string> {
    if (major === undefined) return process.execPath;
    const version = nodeVersions[major];
    if (version === undefined)
      throw new Unavailable(`knows Node ${Object.keys(nodeVersions).join(", ")}, not ${major}`);
    return this.#executable(`node@${version}`, "node");
  }

  /** @throws {Unavailable} */
  bun(): Promise<string> {
    return this.#executable(`bun@${bunVersion}`, "bun");
  }

  /**
   * A program of Debian, from the path or unpacked from its package: nothing is installed, so no service is started that
   * would listen by itself.
   *
   * @throws {Unavailable}
   */
  async debian(program: string): Promise<string> {
    const found = onPath(program);
    if (found) return found;
    const unpacked = join(await this.#unpacked(), "usr/sbin", program);
    if (!existsSync(unpacked)) throw new Unavailable(`needs ${program}`);
    return unpacked;
  }

  /** @throws {Unavailable} */
  async nchanModule(): Promise<string> {
    const module = "usr/lib/nginx/modules/ngx_nchan_module.so";
    const installed = join("/", module);
    return existsSync(installed) ? installed : join(await this.#unpacked(), module);
  }

  /** The path of the program itself, so that the process that is measured is no wrapper. */
  async #executable(pkg: string, program: string): Promise<string> {
    try {
      const args = ["exec", "--yes", `--package=${pkg}`, "--", program, "-e", "console.log(process.execPath)"];
      const { stdout } = await run("npm", args, { timeout: 5 * minutes });
      return stdout.trim();
    } catch {
      throw new Unavailable(`needs ${pkg} from the npm registry`);
    }
  }

  #unpacked(): Promise<string> {
    this.#debian ??= this.#unpackDebian();
    return this.#debian;
  }

  async #unpackDebian(): Promise<string> {
    const folder = join(this.folder, "debian");
    const root = join(folder, "root");
    await mkdir(root, { recursive: true });
    const packages = ["nginx", "libnginx-mod-nchan", "nats-server"];
    try {
      await run("apt-get", ["download", ...packages], { cwd: folder, timeout: 5 * minutes });
      const files = (await readdir(folder)).filter((file) => file.endsWith(".deb"));
      for (const file of files) await run("dpkg", ["-x", join(folder, file), root]);
    } catch {
      throw new Unavailable(`needs Debian's ${packages.join(", ")}: apt-get update, and a network`);
    }
    return root;
  }
}
