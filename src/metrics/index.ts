export { metrics, metricsContentType, metricsHandler } from "./metrics.ts";
export type { Measured } from "./metrics.ts";
