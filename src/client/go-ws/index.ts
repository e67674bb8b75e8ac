export { CarillonError } from "../../errors/carillon-error.ts";
export type { RedialOptions } from "../foreign/redial.ts";
export type { EchoChannel, EchoListener } from "./channel.ts";
export { createEcho, type Echo, type EchoEvents } from "./echo.ts";
export type { EchoOptions } from "./options.ts";
