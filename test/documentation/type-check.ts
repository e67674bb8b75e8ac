import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entries } from "../package/manifest.ts";
import { start } from "../processes.ts";
import { root } from "./pages.ts";

/** Checks programs, given by file name, against the sources. @returns what the compiler says, empty when all is well */
export async function typeCheck(programs: ReadonlyMap<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "carillon-snippets-"));
  try {
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    for (const [file, text] of programs) await writeFile(join(folder, file), `${text}\nexport {};\n`);
    const paths = Object.fromEntries(entries.map(({ specifier, code }) => [specifier, [root + sourceOf(code)]]));
    const compilerOptions = {
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      jsx: "react-jsx",
      paths,
    };
    const config = {
      extends: `${root}tsconfig.json`,
      compilerOptions: { ...compilerOptions, isolatedDeclarations: false, declaration: false },
      files: [...programs.keys()],
      include: [],
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    const { code, output } = await start(`${root}node_modules/.bin/tsc`, ["-p", folder], { cwd: folder }).ended();
    return code === 0 ? "" : output;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The source behind a built file. */
export function sourceOf(builtFile: string): string {
  return builtFile.replace("dist/", "src/").replace(/\.js$/, ".ts");
}
