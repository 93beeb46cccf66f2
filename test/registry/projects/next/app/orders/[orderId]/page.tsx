import { orders } from "../../../lib/router";
import { LiveOrder } from "./live-order";

/** The server knows the order when it renders the page; the client component goes on from there. */
export default async function OrderPage({ params }: { readonly params: Promise<{ orderId: string }> }) {
  const { orderId } = await params;
  const state = await orders.state({ orderId });
  return (
    <main>
      <h1>{`Order over ${state?.total ?? 0}`}</h1>
      <LiveOrder orderId={orderId} />
    </main>
  );
}
