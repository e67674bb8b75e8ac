import { fileURLToPath } from "node:url";
import type { UserConfig } from "vite";

const from = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Builds the SDK into one file, which the standalone server serves as `/carillon.js`. */
const config: UserConfig = {
  publicDir: false,
  build: {
    outDir: from("dist"),
    // The compiler's output is there already.
    emptyOutDir: false,
    target: "es2022",
    // In lib mode `minify` alone leaves the white space.
    rolldownOptions: { output: { minify: true, comments: false } },
    lib: { entry: from("src/client/index.ts"), formats: ["es"], fileName: () => "carillon.js" },
  },
};

export default config;
