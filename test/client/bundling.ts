import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";

/** The whole of an entry in one file, as a page's own build would make it. */
export async function bundle(file: URL, external: readonly string[] = []): Promise<string> {
  const outputs = await build({
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      target: "es2022",
      lib: { entry: fileURLToPath(file), formats: ["es"], fileName: "client" },
      // In lib mode Vite leaves white space and annotations to the page's own build, which is what is measured here.
      rolldownOptions: { external: [...external], output: { minify: true, comments: false } },
    },
  });
  return (outputs as Rolldown.RolldownOutput[])[0]!.output[0].code;
}
