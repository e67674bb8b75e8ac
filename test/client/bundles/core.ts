// What a page pays that only connects, sends and subscribes.
export { createClient } from "../../../src/client/index.ts";
