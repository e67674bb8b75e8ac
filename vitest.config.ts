import type { ViteUserConfig } from "vitest/config";

/** These look at `dist/`, so `npm run build` comes before them. */
const built = {
  package: "test/package/**/*.test.ts",
  runtimes: "test/runtimes/**/*.test.ts",
  cli: "test/{cli,examples}/**/*.test.ts",
  browser: "test/browser/**/*.test.ts",
};

const config: ViteUserConfig = {
  test: {
    reporters: ["default", "./test/tally.ts"],
    projects: [
      { test: { name: "source", include: ["test/**/*.test.ts"], exclude: Object.values(built), testTimeout: 10_000 } },
      { test: { name: "package", include: [built.package], testTimeout: 120_000, hookTimeout: 120_000 } },
      { test: { name: "cli", include: [built.cli], testTimeout: 30_000 } },
      // The first run may have to install a browser.
      { test: { name: "browser", include: [built.browser], testTimeout: 60_000, hookTimeout: 600_000 } },
      { test: { name: "runtimes", include: [built.runtimes], testTimeout: 180_000, hookTimeout: 120_000 } },
    ],
  },
};

export default config;
