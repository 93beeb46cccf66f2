/** What a page takes of the client. */
export { createJobwireClient, sseLink } from "@jobwire/client";
