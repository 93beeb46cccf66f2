import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./shell/app.js";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/skeleton.css";
import "./styles/jobs-toolbar.css";
import "./styles/jobs.css";
import "./styles/job-waterfall.css";
import "./styles/job-playback.css";
import "./styles/job-stages.css";
import "./styles/job-tabs.css";
import "./styles/job-output.css";
import "./styles/job-events.css";
import "./styles/job-result.css";
import "./styles/job-marks.css";
import "./styles/notices.css";
import "./styles/job.css";
import "./styles/spools.css";
import "./styles/session.css";
import "./styles/fleet.css";
import "./styles/connection.css";

const root = document.querySelector("#root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
