import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { TlsOptions } from "../server/http-server.ts";
import { reasonOf } from "./config-file.ts";
import type { Settings } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

/** Reads certificate and key, when they are wanted. @throws {UsageError} naming the file that will not do */
export function readTls({ tlsCert, tlsKey }: Pick<Settings, "tlsCert" | "tlsKey">): TlsOptions | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined) throw new UsageError("--tls-key needs --tls-cert too");
  if (tlsKey === undefined) throw new UsageError("--tls-cert needs --tls-key too");
  const cert = read("certificate", tlsCert);
  const key = read("private key", tlsKey);
  const certificate = parse("certificate", tlsCert, () => new X509Certificate(cert));
  const privateKey = parse("private key", tlsKey, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new UsageError(`the private key ${tlsKey} does not belong to the certificate ${tlsCert}`);
  }
  return { cert, key };
}

function read(what: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`cannot read the ${what} ${file}: ${reasonOf(error)}`);
  }
}

function parse<Parsed>(what: string, file: string, parser: () => Parsed): Parsed {
  try {
    return parser();
  } catch (error) {
    throw new UsageError(`${file} is no ${what} in PEM: ${reasonOf(error)}`);
  }
}
