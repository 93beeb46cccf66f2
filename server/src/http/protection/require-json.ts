import { TRPCError } from "@trpc/server";

/** A form of another site sends its cookies and asks nobody; tRPC would take a multipart one as input. */
export function requireJson(headers: { readonly "content-type"?: string | undefined }): void {
  const [type] = headers["content-type"]?.split(";") ?? [];
  if (type === undefined || type.trim().toLowerCase() === "application/json") return;
  throw new TRPCError({
    code: "UNSUPPORTED_MEDIA_TYPE",
    message: "Send JSON, with the header content-type: application/json.",
  });
}
