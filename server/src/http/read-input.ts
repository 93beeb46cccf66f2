import { z } from "zod";
import { AppError } from "../app-error.js";

/** What came over plain HTTP, as its schema reads it. @throws AppError `INPUT_INVALID` */
export function readInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new AppError("INPUT_INVALID", `Invalid input\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
