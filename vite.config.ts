import { fileURLToPath } from "node:url";
import type { UserConfig } from "vite";

const from = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Builds the demo page. */
const config: UserConfig = {
  root: from("src/demo"),
  base: "/demo/",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: from("dist/demo"),
    emptyOutDir: true,
    target: "es2022",
    // The page's Content-Security-Policy allows nothing inline, data: addresses included.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
};

export default config;
