"use client";

import { sseLink } from "@jobwire/client";
import { useTopic } from "@jobwire/client/react";
import { createTRPCClient } from "@trpc/client";
import superjson from "superjson";
import { order } from "../../../lib/order";
import type { Router } from "../../../lib/router";

const trpc = createTRPCClient<Router>({ links: [sseLink({ url: "/api/trpc", transformer: superjson })] });

export function LiveOrder({ orderId }: { readonly orderId: string }) {
  const { state } = useTopic(order, trpc.orders.events, { orderId });
  return <p role="status">{state?.status ?? "loading"}</p>;
}
