import { createJobwireClient } from "@jobwire/client";
import { createRoot } from "react-dom/client";
import { JobListApp } from "./job-list.js";

// The cookie of the page says who asks.
const client = createJobwireClient({ url: location.origin });
createRoot(document.body.appendChild(document.createElement("div"))).render(<JobListApp client={client} />);
