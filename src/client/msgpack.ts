export { createMsgpackCodec as msgpackCodec } from "../protocol/msgpack.ts";
