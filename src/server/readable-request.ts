import { IncomingMessage } from "node:http";

type AddHeaderLine = (this: IncomingMessage, field: string, value: string, headers: object) => void;

/** Where Node puts a request's headers together, one by one. */
const addHeaderLine = Reflect.get(IncomingMessage.prototype, "_addHeaderLine") as AddHeaderLine;

/**
 * A request whose headers can be read whatever they are called.
 *
 * Node keeps them in a plain object. Where `__proto__` cannot be reached (`--disable-proto=throw`) or `Object.prototype` is
 * frozen, it throws for headers that are named as what every object has, in a place where nobody can catch it. Those are left
 * out; nobody asks for them, and they are still among the `rawHeaders`.
 */
export class ReadableRequest extends IncomingMessage {
  _addHeaderLine(field: string, value: string, headers: object): void {
    if (!(field.toLowerCase() in Object.prototype)) addHeaderLine.call(this, field, value, headers);
  }
}
