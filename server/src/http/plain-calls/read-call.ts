import { AppError } from "../../app-error.js";
import type { InputFields } from "./procedure-inputs.js";

/** What a request says, by where it says it. */
export interface CallParts {
  readonly path: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  /** The header `Idempotency-Key`. */
  readonly idempotencyKey: string | undefined;
}

/** The input of a procedure as a plain request has it. @throws AppError `INPUT_INVALID` */
export function readCall(
  { path, query, body, idempotencyKey }: CallParts,
  { properties }: InputFields,
  inQuery: boolean,
) {
  const given = inQuery ? readQuery(query, properties) : readBody(body);
  for (const name of Object.keys(path))
    if (name in given) throw new AppError("INPUT_INVALID", `${name} is in the path; leave it out here.`);
  const key = "idempotencyKey";
  if (idempotencyKey !== undefined && key in properties && !(key in given))
    return { ...given, ...path, [key]: idempotencyKey };
  return { ...given, ...path };
}

/** A list has commas; what is no number or boolean stays the text it is, and is refused as such. */
function readQuery(query: CallParts["query"], properties: InputFields["properties"]) {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [
      name,
      typeof value === "string" ? readText(value, properties[name]?.type) : value,
    ]),
  );
}

function readText(text: string, type: unknown): unknown {
  if (type === "array") return text.split(",");
  if (type === "boolean") return text === "true" || (text === "false" ? false : text);
  const number = Number(text);
  const isNumber = (type === "integer" || type === "number") && text.trim() !== "";
  return isNumber && !Number.isNaN(number) ? number : text;
}

function readBody(body: unknown): object {
  if (body === undefined) return {};
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  throw new AppError("INPUT_INVALID", "Send a JSON object.");
}
