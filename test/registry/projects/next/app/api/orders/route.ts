import { orders } from "../../../lib/router";

/** `{ orderId, event }`: what happened to an order. */
export async function POST(request: Request): Promise<Response> {
  const { orderId, event } = await request.json();
  return Response.json(await orders.publish({ orderId }, event));
}
