import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../processes.ts";
import { manifest, root } from "./manifest.ts";

/** An empty project that has installed the package as it would be published. */
export interface Consumer {
  readonly folder: string;
  write(file: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

export async function installPackage(): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), "carillon-consumer-"));
  const write = (file: string, text: string): Promise<void> => writeFile(join(folder, file), text);
  await write("package.json", JSON.stringify({ private: true, type: "module" }));
  const packed = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root });
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  const options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
  // Whoever uses the entries for them has these too.
  const peers = [...Object.keys(manifest.peerDependencies), "@types/react"];
  const versions = peers.map((name) => `${name}@${manifest.devDependencies[name]}`);
  await run("npm", ["install", ...options, `./${filename}`, ...versions], { cwd: folder });
  return { folder, write, remove: () => rm(folder, { recursive: true, force: true }) };
}
