export { RTBroadcaster, type ActionFunction, type RTBroadcasterOptions } from "./rtbroadcaster.ts";
