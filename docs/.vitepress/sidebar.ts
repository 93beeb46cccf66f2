import { entries } from "./entries.js";

/** Every page of the site; `test/docs/site.test.ts` sees to it that none is missing. */
export const sidebar = [
  {
    text: "Begin",
    items: [
      { text: "Jobwire", link: "/" },
      { text: "Events of your own", link: "/docs/own-events" },
      { text: "From hand-rolled SSE", link: "/docs/migration" },
    ],
  },
  {
    text: "Use it",
    items: [
      { text: "Jobs and the dashboard", link: "/docs/jobs" },
      { text: "Client", link: "/docs/client" },
      { text: "React", link: "/docs/react" },
      { text: "Command line", link: "/docs/cli" },
      { text: "Testing", link: "/docs/testing" },
      { text: "Without TypeScript", link: "/docs/http" },
      { text: "BullMQ", link: "/docs/bullmq" },
      { text: "Gateway", link: "/docs/gateway" },
    ],
  },
  {
    text: "Recipes",
    items: [
      { text: "Chat", link: "/docs/recipes/chat" },
      { text: "Progress bar", link: "/docs/recipes/progress-bar" },
      { text: "Notifications", link: "/docs/recipes/notifications" },
      { text: "Live table", link: "/docs/recipes/live-table" },
      { text: "Many tabs, one connection", link: "/docs/recipes/multi-tab" },
    ],
  },
  {
    text: "Operate it",
    items: [
      { text: "Deployment", link: "/docs/deployment" },
      { text: "Configuration", link: "/docs/configuration" },
      { text: "Redis", link: "/docs/redis" },
      { text: "Reliability", link: "/docs/reliability" },
      { text: "Security", link: "/docs/security" },
      { text: "Metrics", link: "/docs/metrics" },
      { text: "Tracing", link: "/docs/tracing" },
      { text: "Performance", link: "/docs/performance" },
      { text: "Versions and support", link: "/docs/versions" },
    ],
  },
  {
    text: "API reference",
    items: [
      { text: "Overview", link: "/docs/reference" },
      ...entries.map(({ name, link }) => ({ text: name, link })),
    ],
  },
  {
    text: "Look inside",
    items: [
      { text: "Protocol", link: "/PROTOCOL" },
      { text: "Architecture", link: "/ARCHITECTURE" },
      { text: "Contributing", link: "/CONTRIBUTING" },
    ],
  },
];
