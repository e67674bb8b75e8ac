import { describe, test } from "vitest";
import { channelKindsContract } from "../../src/testing/index.ts";
import { aoWebsocketsKinds } from "./ao-websockets-kinds.ts";

channelKindsContract({ describe, test }, aoWebsocketsKinds);
